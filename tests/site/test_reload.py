"""A save reloads that service alone, and no request fails."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from versions import APP, SITE, save, serves, visitors


def test_a_save_reloads_that_service_alone(site):
    """Neighbours keep their processes."""
    site.write(SITE)
    site.up()
    before = {s["name"]: s["pids"] for s in site.snapshot()["services"]}

    save(site, 2)
    site.until(serves(site, 2), "version 2")

    after = {s["name"]: s["pids"] for s in site.snapshot()["services"]}
    assert after["other"] == before["other"]
    assert after["shop"] != before["shop"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_fails_while_code_is_saved_again_and_again(site, method):
    """Ten reloads under load, and every answer is a 200."""
    site.write(SITE)
    site.up()

    with visitors(site, method) as seen:
        for version in range(2, 12):
            save(site, version)
            site.until(serves(site, version), f"version {version}")

    assert set(seen) == {200}
    assert seen[200] > 100


def test_after_the_first_new_answer_no_old_one_comes(site):
    """The new code does not alternate with the old."""
    site.write(SITE)
    site.up()
    save(site, 2)
    site.until(serves(site, 2), "version 2")

    assert {site.get("/").json()["version"] for _ in range(50)} == {2}


def test_broken_code_keeps_the_old_worker_serving(site):
    """The traceback is shown in the terminal, and the next save mends it."""
    site.write(SITE)
    site.up()
    path = site.folder / "services/shop/app.py"
    good = path.read_text()

    path.write_text(good + "\ndef broken(:\n")
    site.until(lambda: "the old code serves on" in site.log.read_text(), "the report")

    assert site.get("/").status == 200
    assert "SyntaxError" in site.log.read_text()
    path.write_text(good.replace("VERSION = 1", "VERSION = 3"))
    site.until(serves(site, 3), "version 3")


def test_without_an_old_worker_the_browser_shows_the_traceback(site):
    """A service that never ran says why, in the page, during development."""
    site.write(SITE | {"services/shop/app.py": "1 / 0\n"})
    site.up()

    answer = site.get("/", headers={"Accept": "text/html"})

    assert answer.status == 503
    assert "ZeroDivisionError" in answer.text
    site.write({"services/shop/app.py": APP})
    site.until(lambda: site.get("/").status == 200, "recovery")


def test_a_template_changes_without_a_reload(site):
    """Templates are read anew, and the process stays."""
    site.write(SITE)
    site.up()
    pids = site.service("shop")["pids"]
    assert site.get("/page").text == "one"

    site.write({"services/shop/templates/page.html": "two\n"})
    site.until(lambda: site.get("/page").text == "two", "the new template")

    assert site.service("shop")["pids"] == pids


def test_replace_ends_the_old_first_and_holds_requests(site):
    """A service that must run once is never there twice, and nobody is refused."""
    site.write(SITE)
    site.write({"services/shop/service.toml": 'route = "/"\nreload = "replace"\n'})
    site.up()

    with visitors(site, count=2) as seen:
        for version in range(2, 5):
            save(site, version)
            site.until(serves(site, version), f"version {version}")

    assert set(seen) == {200}


def test_a_killed_worker_is_replaced_and_get_requests_go_on(site):
    """A `kill -9` of a worker under load costs no idempotent request."""
    site.write(SITE)
    site.up()

    with visitors(site) as seen:
        for _ in range(3):
            (victim,) = site.service("shop")["pids"]
            os.kill(victim, signal.SIGKILL)
            site.until(
                lambda victim=victim: (
                    site.service("shop")["pids"] not in ([], [victim])
                ),
                "another worker",
            )

    assert set(seen) == {200}


def test_a_crash_loop_is_named_and_the_rest_of_the_site_serves(site):
    """One failing service never stops the others."""
    site.write(SITE | {"services/other/app.py": "raise SystemExit('no database')\n"})
    site.up()

    assert site.get("/").status == 200
    other = site.service("other")
    assert other["phase"] in {"failing", "starting"}
    assert "no database" in site.log.read_text()


def test_the_gateway_comes_back_after_kill_9(site):
    """The public port is served again, by a new Envoy, with the workers as they were."""
    site.write(SITE)
    site.up()
    before = site.snapshot()

    os.kill(before["gateway_pid"], signal.SIGKILL)
    site.until(
        lambda: site.snapshot()["gateway_pid"] not in {None, before["gateway_pid"]},
        "another gateway",
    )
    site.until(lambda: site.get("/").status == 200, "service")

    assert site.service("shop")["pids"] == next(
        s["pids"] for s in before["services"] if s["name"] == "shop"
    )


def test_the_zygote_can_be_killed(site):
    """Workers outlive their zygote, and the next reload gets a new one."""
    site.write(SITE)
    site.up()
    zygotes = [
        pid
        for pid in site.processes()
        if b"worker.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    for pid in zygotes:
        os.kill(pid, signal.SIGKILL)

    assert site.get("/").status == 200
    save(site, 2)
    site.until(serves(site, 2), "version 2")
    assert zygotes


def test_a_new_service_appears_and_a_removed_one_goes(site):
    """The site is what is on disk, also while it runs."""
    site.write(SITE)
    site.up()

    site.write(
        {
            "services/late/app.py": """
                from flask import Flask

                app = Flask(__name__)

                @app.get("/")
                def index():
                    return "late"
                """,
            "services/late/service.toml": 'route = "/late"\n',
        }
    )

    site.until(lambda: site.get("/late/").text == "late", "the new service")
    shutil.rmtree(site.folder / "services/late")
    site.until(lambda: site.get("/late/").status == 404, "its end")
    assert {s["name"] for s in site.snapshot()["services"]} == {"shop", "other"}


def test_a_save_in_shared_code_reloads_whoever_imported_it(site, tmp_path):
    """A library that is being edited beside the site belongs to it."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "wording.py").write_text("GREETING = 'hello'\n")
    app = """
        from flask import Flask
        from wording import GREETING

        app = Flask(__name__)

        @app.get("/")
        def index():
            return GREETING
        """
    manifest = f'route = "/NAME"\nenvironment.PYTHONPATH = "{library}"\n'
    site.write(
        {
            "services/one/app.py": app,
            "services/two/app.py": app,
            "services/one/service.toml": manifest.replace("NAME", "one"),
            "services/two/service.toml": manifest.replace("NAME", "two"),
        }
    )
    site.up()
    assert site.get("/one/").text == site.get("/two/").text == "hello"

    (library / "wording.py").write_text("GREETING = 'good morning'\n")

    for path in ("/one/", "/two/"):
        site.until(lambda p=path: site.get(p).text == "good morning", "the new text")


def test_a_restart_that_fails_says_so(site):
    """The reason is the command's own, and the old code serves on."""
    site.write(SITE)
    site.up()
    site.write({"services/shop/app.py": "1 / 0\n"})
    site.until(lambda: site.service("shop")["reason"], "a failed reload")
    done = site.run("restart", "shop")

    assert done.returncode != 0
    assert "`shop` did not start anew" in done.stderr
    assert "ZeroDivisionError" in done.stderr
