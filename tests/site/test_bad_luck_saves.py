"""Saves at the wrong moment, many at once, and of code that behaves badly."""

import itertools
import os
import signal

import pytest

from versions import APP, SITE, save, serves, visitors


APP_ALONE = "from flask import Flask; app = Flask(__name__); "
SLOW = "import time\ntime.sleep(1.5)\n"


def test_a_save_while_the_service_starts_never_lets_the_old_code_serve(site):
    """What serves in the end is what was saved last, however slow each import."""
    site.write(SITE)
    path = site.folder / "services/shop/app.py"
    good = path.read_text()
    path.write_text(SLOW + good)
    site.up(wait=False)
    site.until(
        lambda: (
            (site.folder / ".glassware/site.json").exists()
            and site.service("shop")["phase"] == "starting"
        ),
        "its start",
    )

    for version in (2, 3, 4):
        path.write_text(good.replace("VERSION = 1", f"VERSION = {version}"))

    site.until(lambda: site.service("shop")["phase"] == "running", "readiness")
    site.until(serves(site, 4), "version 4")
    assert {site.get("/").json()["version"] for _ in range(20)} == {4}


def test_two_hundred_saves_in_a_row_end_with_the_last(site):
    """Bursts are taken together, and visitors notice nothing."""
    site.write(SITE)
    site.up()

    with visitors(site, count=2) as seen:
        for version in range(2, 202):
            save(site, version)
        site.until(serves(site, 201), "version 201")

    assert set(seen) == {200}
    site.until(lambda: len(site.service("shop")["pids"]) == 1, "one worker")


def test_half_written_files_are_served_when_they_are_whole(site):
    """Truncated, renamed into place, removed and made again: the last one counts."""
    site.write(SITE)
    site.up()
    path = site.folder / "services/shop/app.py"
    good = path.read_text()
    whole = {n: good.replace("VERSION = 1", f"VERSION = {n}") for n in range(2, 6)}

    with visitors(site, count=2) as seen:
        path.write_text(whole[2][: len(good) // 2])
        path.write_text(whole[2])
        site.until(serves(site, 2), "version 2")
        beside = path.with_name("app.py~new")
        beside.write_text(whole[3])
        beside.replace(path)
        site.until(serves(site, 3), "version 3")
        path.unlink()
        path.write_text(whole[4])
        site.until(serves(site, 4), "version 4")
        path.write_text("def broken(:\n")
        site.until(lambda: "the old code serves on" in site.log.read_text(), "a report")
        path.write_text("def broken again(:\n")
        path.write_text(whole[5])
        site.until(serves(site, 5), "version 5")

    assert set(seen) == {200}


def test_migrations_never_run_twice_at_once(site):
    """A save during a migration waits for its end."""
    site.write(SITE)
    site.write(
        {
            "services/shop/service.toml": """
                route = "/"

                [tasks]
                migrate = "python migrate.py"
                """,
            "services/shop/migrate.py": """
                import os, time

                for n in range(100):
                    with open("running", "x"):
                        time.sleep(0.01)
                    os.unlink("running")
                print("migrated")
                """,
        }
    )
    site.up(wait=False)
    running = site.folder / "services/shop/running"
    site.until(running.exists, "the migration")

    for version in (2, 3):
        save(site, version)
        site.write({"services/shop/migrations/1.py": f"{version}\n"})
        site.until(lambda: site.log.read_text().count("runs `python"), "a migration")

    site.until(
        lambda: (
            site.service("shop")["phase"] == "running"
            and site.get("/").json()["version"] == 3
        ),
        "version 3",
    )
    assert "FileExistsError" not in site.log.read_text()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os._exit(4)", "exit code 4"),
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.kill(0, 15)", "SIGTERM"),
        (f"{APP_ALONE}import os; os.closerange(3, 1000)", "status pipe"),
    ],
)
def test_code_that_ends_its_process_at_import_keeps_the_old_serving(site, code, said):
    """It is told how the process ended."""
    site.write(SITE)
    site.up()

    site.write({"services/shop/app.py": f"{code}\n"})
    site.until(lambda: "the old code serves on" in site.log.read_text(), "the report")

    assert said in site.log.read_text()
    assert site.get("/").status == 200


def test_workers_that_die_on_a_request_come_back_at_full_strength(site):
    """Neither the death of one of two nor a failed replacement leaves one alone."""
    site.write(SITE)
    site.write({"services/shop/service.toml": 'route = "/"\nworkers = 2\n'})
    site.up()
    path = site.folder / "services/shop/app.py"
    good = path.read_text()
    path.write_text("1 / 0\n")
    site.until(lambda: "the old code serves on" in site.log.read_text(), "the report")

    with visitors(site, count=2) as seen:
        os.kill(site.service("shop")["pids"][0], signal.SIGKILL)
        site.until(lambda: len(site.service("shop")["pids"]) == 1, "one worker")
        path.write_text(good)
        site.until(lambda: len(site.service("shop")["pids"]) == 2, "two workers")

    assert set(seen) == {200}


def test_services_and_the_code_they_share_are_saved_at_once(
    site, tmp_path, monkeypatch
):
    """A module outside the site reloads whoever imports it, and nobody else."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "shared.py").write_text("VERSION = 1\n")
    monkeypatch.setenv("PYTHONPATH", str(library))
    names = ["one", "two"]
    shared = APP.replace("VERSION = 1", "from shared import VERSION")
    for name in names:
        site.write({f"services/{name}/app.py": shared})
        site.write({f"services/{name}/service.toml": f'route = "/{name}"\n'})
    site.write({"services/other/app.py": SITE["services/other/app.py"]})
    site.up()
    before = site.service("other")["pids"]

    (library / "shared.py").write_text("VERSION = 2\n")

    for name in names:
        site.until(
            lambda name=name: site.get(f"/{name}/").json()["version"] == 2,
            f"version 2 of {name}",
        )
    assert site.service("other")["pids"] == before


def test_a_checkout_that_touches_hundreds_of_files_reloads_once_or_twice(site):
    """A burst of saves in every service is one reload of each, or a few."""
    names = [f"s{number}" for number in range(5)]
    for name in names:
        site.write({f"services/{name}/app.py": APP})
        site.write({f"services/{name}/service.toml": f'route = "/{name}"\n'})
    site.up()

    for name, number in itertools.product(names, range(100)):
        site.write({f"services/{name}/parts/part{number}.py": "X = 1\n"})
    for name in names:
        path = site.folder / f"services/{name}/app.py"
        path.write_text(path.read_text().replace("VERSION = 1", "VERSION = 2"))

    for name in names:
        site.until(
            lambda name=name: site.get(f"/{name}/").json()["version"] == 2,
            f"version 2 of {name}",
        )


def test_names_that_are_no_text_and_folders_elsewhere_reload_as_others(site):
    """A file whose name is no UTF-8, in a service that is a symbolic link."""
    site.write(SITE)
    folder = site.folder / "services/shop"
    elsewhere = site.folder.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    site.up()

    save(site, 2)
    site.until(serves(site, 2), "version 2")
    odd = os.fsencode(elsewhere) + b"/\xff.py"
    os.close(os.open(odd, os.O_CREAT | os.O_WRONLY))
    site.until(lambda: "gone unseen" in site.log.read_text(), "a report")

    save(site, 3)
    site.until(serves(site, 3), "version 3")
