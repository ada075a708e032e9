"""A site whose database server is not fetched: asked once, and up all the same."""

import os
import pty
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from glassware.engines import find
from glassware.engines.fetch import fetch
from glassware.engines.packages import Package, is_for_this_machine, megabytes
from sites import COMMAND
from waiting import until


APP = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "plain"
    """
SITE = {
    "services/plain/app.py": APP,
    "services/plain/service.toml": 'route = "/"',
    "services/heroes/app.py": APP,
    "services/heroes/service.toml": """
        route = "/heroes"

        [databases]
        main = "dynamodb"
        """,
}


def dynoxide() -> Package:
    """Return the smallest package there is."""
    package = find("dynamodb").package
    assert package is not None
    return package


pytestmark = pytest.mark.skipif(
    not is_for_this_machine(dynoxide()), reason="there is none for this machine"
)


@pytest.fixture
def real(monkeypatch, tmp_path):
    """Dynoxide, fetched once for all tests; the test itself has an empty cache."""
    place = fetch(dynoxide(), lambda progress: None)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("npm_config_registry", nobody)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return place


def test_whoever_calls_a_service_that_waits_for_its_database_starts(site, real):
    """Its migrations may never come; what the caller does without it is its own."""
    site.write(
        SITE
        | {
            "services/plain/service.toml": 'route = "/"\ncalls = ["heroes"]',
            "services/heroes/service.toml": """
                [databases]
                main = "dynamodb"

                [tasks]
                migrate = "true"
                """,
        }
    )

    site.up()

    assert "not running: heroes\n" in site.log.read_text()
    assert site.get("/").text == "plain"


def test_where_nobody_can_answer_the_site_starts_without_it(site, real, tmp_path):
    """The service says why it waits, and comes as soon as somebody has fetched it."""
    site.write(SITE)
    site.up(wait=False)
    site.until(lambda: "glassware install" in site.log.read_text(), "the way out")
    site.until(lambda: site.service("plain")["phase"] == "running", "the neighbour")

    assert site.get("/").text == "plain"
    listed = site.run("ps").stdout
    assert "waiting" in listed
    assert "starting" not in listed
    assert "not fetched" in listed

    engines = tmp_path / "cache/glassware/engines"
    engines.mkdir(parents=True)
    (engines / real.name).symlink_to(real)
    site.until(lambda: site.service("heroes")["phase"] == "running", "the service")
    assert site.get("/heroes/").text == "plain"
    (server,) = site.snapshot()["engines"]
    assert (server["program"], server["source"]) == ("Dynoxide", "embedded")
    assert server["reason"] is None


def test_what_cannot_be_fetched_keeps_no_neighbour_from_starting(site, real):
    """`up --yes` without a network says so, and the rest of the site runs."""
    site.write(SITE)
    site.up("--yes", wait=False)
    site.until(lambda: site.service("plain")["phase"] == "running", "the neighbour")

    assert site.get("/").text == "plain"
    assert "cannot be reached" in site.log.read_text()


def test_up_asks_once_and_takes_no_for_an_answer(site, real):
    """It is asked before anything starts; after a no the site runs without it."""
    site.write(SITE)
    with in_a_terminal(site, "up") as (answer, shown):
        until(lambda: "[Y/n]" in shown(), "the question")
        assert not (site.folder / ".glassware/site.json").exists()
        answer("n\n")
        site.until(lambda: site.service("plain")["phase"] == "running", "the neighbour")
        assert site.get("/").text == "plain"
        until(lambda: "is not fetched yet" in shown(), "the reason")

    assert shown().count("[Y/n]") == 1
    assert "for heroes" in shown()


def test_ps_knows_while_the_site_rests(site, real):
    """What would serve each database, and what has to be fetched first."""
    site.write(SITE)

    (server,) = site.snapshot()["engines"]
    assert server["reason"] == f"not fetched ({megabytes(dynoxide().size)})"
    assert server["phase"] == "stopped"


def test_tests_fetch_what_their_services_need(site, real):
    """Those of a service without that database are not held up; without it none is."""
    passing = "def test_it():\n    pass\n"
    site.write(
        SITE
        | {
            "services/heroes/tests/test_heroes.py": passing,
            "services/plain/tests/test_plain.py": passing,
        }
    )

    plain = site.run("test", "--yes", "plain")
    heroes = site.run("test", "--yes", "heroes")

    assert (plain.returncode, heroes.returncode) == (0, 0)
    assert dynoxide().title not in plain.stderr
    assert "cannot be reached" in heroes.stderr


@contextmanager
def in_a_terminal(site, *arguments: str) -> Iterator[tuple]:
    """Run a command where somebody can type; give what types, and what is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=site.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    lines: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(ours, lines))
    reader.start()
    try:
        yield (
            lambda text: os.write(ours, text.encode()),
            lambda: b"".join(lines).decode(errors="replace"),
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        reader.join()
        os.close(ours)


def _read_all(terminal: int, lines: list[bytes]) -> None:
    try:
        while chunk := os.read(terminal, 4096):
            lines.append(chunk)
    except OSError:
        # Linux has no end of file for it.
        return
