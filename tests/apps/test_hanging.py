"""A worker that hangs is noticed, and what is done about it depends on who is there."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


FRONT = """
    import os

    from flask import Flask

    from glassware import services

    app = Flask(__name__)


    @app.get("/")
    def index():
        return str(os.getpid())


    @app.get("/back")
    def back():
        return services.back.get("/").text
    """
SITE = {
    "services/front/app.py": FRONT,
    "services/front/service.toml": """
        route = "/"
        calls = ["back"]
        """,
    "services/back/app.py": FRONT,
    "services/back/service.toml": "workers = 2\n",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site of one test; what hangs in it goes on before it ends."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


def started(site: SiteUnderTest, *options: str) -> None:
    """Run it."""
    site.write(SITE)
    site.up(*options)
    site.until(lambda: len(pids(site, "back")) == 2, "both workers")


def pids(site: SiteUnderTest, name: str) -> list[int]:
    """Return the processes of a service's workers."""
    return site.service(name)["pids"]


def said(site: SiteUnderTest, what: str) -> bool:
    """Tell whether the terminal shows something."""
    return what in " ".join(site.log.read_text().split())


def test_in_production_another_takes_its_place(site: SiteUnderTest) -> None:
    """Without a hand on it; nobody who calls waits for the one that hangs."""
    started(site, "--production")
    [front], back = pids(site, "front"), pids(site, "back")
    for pid in (front, back[0]):
        os.kill(pid, signal.SIGSTOP)

    site.until(lambda: len(site.sockets("back")) == 1, "one socket for neighbours")
    site.until(lambda: front not in pids(site, "front"), "another worker")
    site.until(lambda: not set(back) & set(pids(site, "back")), "other workers")

    assert said(site, f"its worker (process {front}) does not answer, and is replaced")
    site.until(lambda: len(site.sockets("back")) == 2, "both sockets again")
    assert site.get("/back").text in map(str, pids(site, "back"))


def test_while_it_is_written_nothing_is_killed(site: SiteUnderTest) -> None:
    """A debugger may hold it: it is named, and it may go on."""
    started(site)
    [front], back = pids(site, "front"), pids(site, "back")
    stopped = (front, back[0])
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)

    site.until(lambda: len(site.sockets("back")) == 1, "one socket for neighbours")
    for pid in stopped:
        what = f"its worker (process {pid}) does not answer; a debugger may hold it"
        site.until(lambda what=what: said(site, what), what)
        os.kill(pid, signal.SIGCONT)
    for pid in stopped:
        what = f"its worker (process {pid}) answers again"
        site.until(lambda what=what: said(site, what), what)

    site.until(lambda: len(site.sockets("back")) == 2, "both sockets again")
    assert (pids(site, "front"), pids(site, "back")) == ([front], back)
    assert {site.get("/back").text for _ in range(40)} == set(map(str, back))
