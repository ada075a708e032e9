"""Folders that fill up, or that somebody clears up while the site runs."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from versions import SITE, save, serves


@pytest.fixture
def small_disks(site, monkeypatch) -> Iterator[tuple[Path, Path]]:
    """Two disks of 1 MiB, for the state of the site and for its runtime folder."""
    # Its path has to be short, or another is chosen.
    disks = (site.folder / ".glassware", Path(tempfile.mkdtemp()))
    for disk in disks:
        disk.mkdir(parents=True, exist_ok=True)
        mount = ("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(disk))
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
            pytest.skip("only root can make a small disk, and not everywhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(disks[1]))
    yield disks
    if site.process is not None:
        site.stop()
    for disk in disks:
        subprocess.run(("umount", "--lazy", str(disk)), check=True)
        disk.rmdir()


def fill(disk):
    """Take all the room there is, and return what takes it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x")
    return ballast


def answers(site):
    """Whether visitors are answered."""
    with suppress(OSError):
        return site.get("/").status == 200
    return False


def test_a_full_disk_costs_log_lines_and_no_request(site, small_disks):
    """Saves go on to count, what is lost is counted, and room is enough to recover."""
    state, _ = small_disks
    site.write(SITE)
    site.up()
    ballast = fill(state)

    save(site, 2)
    site.until(serves(site, 2), "version 2")
    path = site.folder / "services/shop/app.py"
    path.write_text("print('x' * 10_000)\n" + path.read_text())
    site.until(lambda: "entries cannot be kept" in site.log.read_text(), "a report")
    ballast.unlink()
    save(site, 3)
    site.until(serves(site, 3), "version 3")
    path.write_text("print('again')\n" + path.read_text())

    site.until(lambda: "entries were lost" in site.log.read_text(), "the number")
    assert "again" in site.run("logs", "shop").stdout


def test_a_reload_that_the_gateway_cannot_be_told_of_keeps_the_old_code(
    site, small_disks
):
    """A full runtime folder: visitors stay where they are until there is room."""
    _, runtime = small_disks
    site.write(SITE)
    site.up()
    ballast = fill(runtime)

    save(site, 2)
    site.until(lambda: "the old code serves on" in site.log.read_text(), "a report")
    assert site.get("/").json()["version"] == 1
    ballast.unlink()

    site.until(serves(site, 2), "version 2")


def test_a_full_disk_at_the_start_is_an_error(site, small_disks):
    """It names the folder."""
    site.write(SITE)
    fill(small_disks[0])

    refused = site.run("up")

    assert refused.returncode == 1
    assert f"cannot write the state folder `{site.folder}/.glassware`" in refused.stderr


def test_a_disk_too_small_for_a_database_is_told_once(site, small_disks):
    """With a hint, however often it is tried again."""
    site.write(SITE)
    site.write({"services/shop/service.toml": 'databases.main = "postgresql"\n'})
    site.up()
    folder = small_disks[0] / "engines/postgresql/cluster.new"
    tried = set()

    def thrice():
        with suppress(FileNotFoundError):
            tried.add(folder.stat().st_ino)
        return len(tried) > 2

    site.until(thrice, "three attempts")

    assert site.log.read_text().count("`initdb` of PostgreSQL failed") == 1
    assert "hint: make room on that disk" in site.log.read_text()
    assert "not running: shop" in site.log.read_text()


def test_a_runtime_folder_that_is_cleared_up_is_made_anew(site):
    """Cleaners of temporary folders, or a logout, take every socket of the site."""
    site.write(SITE)
    site.up()
    state = site.folder / ".glassware"
    runtime = Path(json.loads((state / "site.json").read_text())["control"]).parent

    shutil.rmtree(runtime)
    site.until(lambda: "everything starts anew" in site.log.read_text(), "a report")

    site.until(lambda: answers(site), "an answer")
    site.until(lambda: site.service("shop")["phase"] == "running", "its phase")
    save(site, 2)
    site.until(serves(site, 2), "version 2")
    assert site.run("down").returncode == 0
    assert site.process.wait(10) == 0


def test_a_removed_state_folder_gives_the_site_to_nobody_else(site):
    """The other commands find it again, and a second `up` is refused."""
    site.write(SITE)
    site.up()
    url = site.url
    shutil.rmtree(site.folder / ".glassware", ignore_errors=True)

    second = site.run("up")
    site.until(lambda: "is mended" in site.log.read_text(), "a report")

    assert second.returncode == 3
    assert site.url == url
    assert site.service("shop")["phase"] == "running"
    assert site.get("/").status == 200
    assert site.run("down").returncode == 0
    assert site.process.wait(10) == 0


@pytest.mark.parametrize("content", ["", "[]"])
def test_a_damaged_note_of_where_the_site_runs_is_mended(site, content):
    """`ps` and `down` work a moment later."""
    site.write(SITE)
    site.up()
    (site.folder / ".glassware/site.json").write_text(content)

    site.until(lambda: site.run("ps", "--json").returncode == 0, "an answer")
    site.until(lambda: site.service("shop")["phase"] == "running", "its phase")


def test_a_site_whose_state_cannot_be_read_says_so(site):
    """Damaged credentials are not overwritten: they open databases."""
    site.write(SITE | {".glassware/credentials.json": "{\n"})

    refused = site.run("up")

    assert refused.returncode == 1
    assert "credentials.json` is damaged" in refused.stderr
    assert "Traceback" not in refused.stderr
