"""A file of SQLite's as a service sees it."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import NullPool
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from glassware.clients import sqlite
from glassware.current import Incoming, incoming
from glassware.environment import Binding
from glassware.service.databases import Databases


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "notes.sqlite"


@pytest.fixture
def databases(become, file) -> Iterator[Databases]:
    """The databases of a service with a file `main`."""
    become(databases={"main": Binding(engine="sqlite", url=f"sqlite:///{file}")})
    opened = Databases()
    opened.main.execute("create table note (text text)")
    yield opened
    opened.close()


def notes(file: Path) -> list[str]:
    """Return what is committed."""
    with closing(sqlite3.connect(file)) as database:
        return [text for (text,) in database.execute("select text from note")]


def test_it_is_a_connection(databases, file):
    """What comes back is the library's own, with its own ways, written ahead."""
    assert type(databases.main) is sqlite3.Connection
    assert databases.main is databases["main"]
    with databases.main:
        databases.main.execute("insert into note values ('milk')")
    assert notes(file) == ["milk"]
    (mode,) = databases.main.execute("pragma journal_mode").fetchone()
    (patience,) = databases.main.execute("pragma busy_timeout").fetchone()
    (synced,) = databases.main.execute("pragma synchronous").fetchone()
    assert (mode, patience, synced) == ("wal", 5000, 2)


def test_each_thread_has_its_own(databases, file):
    """They write at once, wait for each other, and lose nothing."""
    ready, seen = threading.Barrier(4), []

    def write(number: int) -> None:
        seen.append(databases.main)
        ready.wait(10)
        for each in range(20):
            with databases.main as database:
                database.execute("insert into note values (?)", [f"{number}.{each}"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(set(map(id, seen))) == 4
    assert len(set(notes(file))) == 80


def test_connections_end_with_their_threads(databases, file):
    """A worker whose threads come and go does not gather connections."""

    def use() -> int:
        return len(databases.main.execute("select * from note").fetchall())

    def open_files() -> int:
        """Count them after five threads more."""
        for _ in range(5):
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(use).result() == 0
        links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
        return sum(str(file) in str(link.readlink()) for link in links)

    # SQLite keeps a descriptor for the next one, where the process has a lock.
    assert open_files() == open_files()


def test_closing_is_for_every_thread(databases):
    """A worker that ends leaves no connection open; the next use opens one."""
    held, done = [], threading.Event()

    def hold() -> None:
        held.append(databases.main)
        done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    while not held:
        thread.join(0.01)
    mine = databases.main
    databases.close()
    done.set()
    thread.join()
    for connection in (mine, *held):
        with pytest.raises(sqlite3.ProgrammingError):
            connection.execute("select 1")
    assert databases.main.execute("select count(*) from note").fetchone() == (0,)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(databases, file):
    """A connection that is carried over a fork would break the file."""
    mine = databases.main
    child = os.fork()
    if child == 0:
        other = databases.main is not mine
        with databases.main as database:
            database.execute("insert into note values ('child')")
        databases.close()
        os._exit(0 if other else 1)
    assert os.waitpid(child, 0)[1] == 0
    with databases.main:
        databases.main.execute("insert into note values ('parent')")
    assert notes(file) == ["child", "parent"]


@pytest.fixture
def request_of() -> Iterator[None]:
    """Answer requests, one after the other, as the worker does."""

    def leave(request: Incoming) -> None:
        for each in request.leaving:
            each()

    def enter() -> Incoming:
        request = Incoming(method="POST", path="/")
        incoming.set(request)
        return request

    token = incoming.set(None)
    yield enter, leave
    incoming.reset(token)


def test_what_is_left_open_ends_with_its_request(databases, file, request_of, caplog):
    """The next request of the thread neither commits it nor finds it."""
    enter, leave = request_of
    first = enter()
    databases.main.execute("insert into note values ('careless')")
    leave(first)
    second = enter()
    with databases.main:
        databases.main.execute("insert into note values ('careful')")
    leave(second)

    assert notes(file) == ["careful"]
    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith(
        "a transaction on `storefront.main` was not committed by `POST /`"
    )


def test_a_request_within_a_request_leaves_the_outer_one_alone(
    databases, file, request_of
):
    """In a group a thread may come back to a service that called another."""
    enter, leave = request_of
    outer = enter()
    databases.main.execute("insert into note values ('outer')")
    inner = enter()
    databases.main.execute("select * from note")
    leave(inner)
    incoming.set(outer)
    databases.main.commit()
    leave(outer)

    assert notes(file) == ["outer"]


def test_a_file_that_others_lock_is_an_error_in_time(databases, file, monkeypatch):
    """Locked for too long, gone or full is a lost database; a wrong word is not."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.1)
    opened = sqlite.open_client(f"sqlite:///{file}", name="main")
    opened.ping()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="locked") as caught:
            opened.get().execute("insert into note values ('a')")
    assert sqlite.is_lost(caught.value)
    with pytest.raises(sqlite3.OperationalError) as caught:
        opened.get().execute("select nonsense from note")
    assert not sqlite.is_lost(caught.value)
    opened.get().execute("pragma max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError, match="full") as caught:
        opened.get().execute("create table more (text text)")
    assert sqlite.is_lost(caught.value)
    opened.close()


def test_a_folder_that_is_gone_is_a_lost_database(tmp_path):
    """As a volume that is not mounted."""
    opened = sqlite.open_client(f"sqlite:///{tmp_path}/none/a.sqlite", name="main")
    for question in (opened.get, opened.ping):
        with pytest.raises(sqlite3.OperationalError) as caught:
            question()
        assert sqlite.is_lost(caught.value)
    opened.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////var/a%20b%3F.sqlite", "/var/a b?.sqlite"),
        ("sqlite+pysqlite:////var/größe 1.sqlite", "/var/größe 1.sqlite"),
        ("sqlite:///notes.sqlite", "notes.sqlite"),
    ],
)
def test_the_url_is_read_as_sqlalchemy_writes_it(become, databases, url, path):
    """Four slashes and a path; three are a file below the working folder."""
    become(site="", databases={"main": Binding(url=url)})
    assert databases.settings("main")["name"] == path


def test_flask_sqlalchemy(databases, file):
    """As `docs/how-to/use-a-database.md` shows it."""

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Page(db.Model):
        title: Mapped[str] = mapped_column(primary_key=True)

    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = databases.url("main")
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
    db.init_app(app)
    with app.app_context():
        db.create_all()
        db.session.add(Page(title="tea"))
        db.session.commit()

    assert databases.main.execute("select title from page").fetchall() == [("tea",)]
