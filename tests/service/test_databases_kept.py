"""The clients of a process: opened once each, and not handed out while lost."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from glassware import clients
from glassware.clients import lost
from glassware.clients.kept import Kept
from glassware.environment import Binding, Settings
from glassware.service.databases import Databases
from waiting import until


# The client of another distribution: its servers are files that are there or not.
PAPER = """
import threading
from pathlib import Path
from urllib.parse import urlsplit

from glassware.clients import Access, Opened

opened = []
slow = threading.Event()
slow.set()

class Blank(Exception):
    def __init__(self, path, *, seconds):
        super().__init__(f"{path} is blank")
        self.seconds = seconds

class Torn(Exception):
    pass

def access(url):
    path = urlsplit(url).path
    return Access(host="", port=0, user="", password="", name=path, socket="")

def open_client(url, *, name):
    path = Path(access(url)["name"])
    if path.name == "slow":
        slow.wait()
    if path.name == "eager":
        path.read_text()
    opened.append(name)
    own = threading.local()

    def get():
        if not hasattr(own, "sheet"):
            own.sheet = [name]
        return own.sheet

    return Opened(get, lambda: opened.remove(name), path.read_text)

def is_lost(error):
    return isinstance(error, (FileNotFoundError, Torn, Blank))
"""
MAIN = ("storefront", "main")


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A plug-in with the engine `paper`, as pip would have installed it."""
    info = tmp_path / "paper-1.0.dist-info"
    info.mkdir()
    (tmp_path / "paper_client.py").write_text(PAPER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paper\nVersion: 1.0\n")
    entry = "[glassware.clients]\npaper = paper_client\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield clients.find("paper")
    del sys.modules["paper_client"]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """The clients of these tests, closed after each."""
    made = Kept()
    yield made
    made.close()


@pytest.fixture
def databases(become, paper, kept, tmp_path) -> Databases:
    """The databases of a service that writes on paper."""
    names = ("main", "slow", "eager")
    become(databases={n: Binding(url=f"paper://{tmp_path}/{n}") for n in names})
    return Databases(kept)


def handed_out(databases: Databases, name: str) -> bool:
    """Whether a client is handed out."""
    try:
        return bool(databases[name])
    except FileNotFoundError:
        return False


def caught(databases: Databases, name: str) -> Exception:
    """Return the error with which a client is not handed out."""
    with pytest.raises(Exception, match=r".") as raised:
        _ = databases[name]
    return raised.value


def test_a_client_of_another_distribution_is_used_alike(databases, paper):
    """By its entry point; each thread gets its own where the client wants that."""
    mine = databases.main
    theirs: list[object] = []
    thread = threading.Thread(target=lambda: theirs.append(databases.main))
    thread.start()
    thread.join()
    assert mine is databases.main
    assert mine == theirs[0]
    assert mine is not theirs[0]
    assert paper.opened == ["storefront.main"]
    databases.close()
    assert paper.opened == []


def test_who_connects_for_long_keeps_nobody_from_another_database(databases, paper):
    """And whoever wants the same one waits for it, and opens no second."""
    paper.slow.clear()
    threads = [threading.Thread(target=lambda: databases.slow) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert databases.main == ["storefront.main"]
    assert paper.opened == ["storefront.main"]
    paper.slow.set()
    for thread in threads:
        thread.join()
    assert paper.opened == ["storefront.main", "storefront.slow"]


def test_a_lost_server_is_told_at_once_until_it_is_back(
    databases, paper, kept, tmp_path
):
    """With the client's own error, a new one for each; nobody has to be restarted."""
    assert databases.main
    kept.lose(MAIN, FileNotFoundError("gone"))
    until(lambda: not handed_out(databases, "main"), "the ping")
    raised = [caught(databases, "main") for _ in range(2)]
    assert {type(each) for each in raised} == {FileNotFoundError}
    assert raised[0] is not raised[1]
    assert "`main` did not answer just now" in raised[0].__notes__[0]
    (tmp_path / "main").write_text("here")
    until(lambda: handed_out(databases, "main"), "its return")


def test_one_lost_connection_is_not_a_lost_server(databases, paper, kept, tmp_path):
    """A server that answers is used meanwhile."""
    (tmp_path / "main").write_text("here")
    assert databases.main
    kept.lose(MAIN, FileNotFoundError("torn"))
    assert databases.main
    until(lambda: not kept.misses("storefront"), "the ping")
    assert databases.main


def test_one_that_cannot_be_opened_is_tried_in_the_background(
    databases, paper, tmp_path
):
    """Clients that connect at once make only the first request wait."""
    assert type(caught(databases, "eager")) is FileNotFoundError
    assert "just now" in caught(databases, "eager").__notes__[0]
    (tmp_path / "eager").write_text("here")
    until(lambda: handed_out(databases, "eager"), "its return")
    assert paper.opened == ["storefront.eager"]


def test_errors_that_cannot_be_copied_are_raised_again(databases, paper, kept):
    """Some libraries' want arguments of their own."""
    blank = paper.Blank("main", seconds=1)
    assert databases.main
    kept.lose(MAIN, blank)
    until(lambda: not handed_out(databases, "main"), "the ping")
    kept.losses[MAIN].error = blank
    assert caught(databases, "main") is blank


class Wrapped(Exception):
    """An error of a library that keeps the driver's own as SQLAlchemy does."""

    orig: Exception | None = None


def chained(how: str, error: Exception) -> Exception:
    """Return an error that was made of another."""
    made = Wrapped("failed")
    if how == "cause":
        made.__cause__ = error
    elif how == "orig":
        made.orig = error
    elif how == "group":
        return ExceptionGroup("failed", [error])
    else:
        made.__context__ = error
        made.__suppress_context__ = how == "suppressed"
    return made


@pytest.mark.parametrize("how", ["cause", "context", "orig", "group"])
def test_a_lost_server_is_found_in_what_an_error_was_made_of(paper, how):
    """With the databases of that engine, of which it is one."""
    bindings = {name: Binding(url=f"paper:///{name}") for name in ("main", "slow")}
    settings = Settings(
        service="shop", databases={**bindings, "cache": Binding(url="redis://h")}
    )
    found = lost.lost_database(chained(how, paper.Torn("torn")), settings)
    assert found.names == ("main", "slow")
    assert found.line("shop") == "a database (paper) of `shop` does not answer"
    assert lost.lost_database(chained(how, ValueError("no")), settings) is None


def test_what_is_hidden_on_purpose_stays_hidden(paper):
    """`raise … from None` says that it is no cause."""
    settings = Settings(databases={"main": Binding(url="paper:///main")})
    error = chained("suppressed", paper.Torn("torn"))
    assert lost.lost_database(error, settings) is None


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (psycopg.errors.AdminShutdown, True),
        (psycopg.errors.TooManyConnections, True),
        (psycopg.errors.InvalidPassword, True),
        (psycopg.errors.QueryCanceled, False),
        (psycopg.errors.LockNotAvailable, False),
        (psycopg.errors.DeadlockDetected, False),
    ],
)
def test_a_statement_that_was_cancelled_is_no_lost_server(error, is_lost):
    """`statement_timeout` and locks are the service's own business."""
    assert clients.find("postgresql").is_lost(error("no")) is is_lost
