"""What SQLite promises beyond what every engine does."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy

from engines.embedded import Embedded, Embedder, grant
from engines.keeping import keep, kept
from glassware import clients, engines
from glassware.clients import sqlite as client
from glassware.engines import Access, Script
from glassware.engines.sqlite import copies as sqlite_copies
from glassware.errors import EngineError, TaskFailed


engine = engines.find("sqlite")


def folder_url(folder: Path) -> str:
    """Return a folder as `site.toml` names it."""
    return f"sqlite:///{quote(str(folder))}"


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """A database in a folder that exists already."""
    given = grant()
    engine.provision(folder_url(tmp_path), given)
    return engine.access(folder_url(tmp_path), given)


@pytest.fixture
def marked(tmp_path: Path) -> Any:
    """A database with a table and a mark; returns how it is marked and rewound."""
    given, url = grant(), folder_url(tmp_path)
    engine.provision(url, given)
    with closing(sqlite3.connect(engine.access(url, given).name)) as database:
        database.execute("create table thing (name text)")
    engine.mark(url, given)
    return url, given


def scripts(folder: Path, **texts: str) -> list[Script]:
    """Return files of migrations."""
    return [Script(path=folder / f"{n}.sql", text=t) for n, t in texts.items()]


def tables(access: Access) -> set[str]:
    """Return the tables of a database."""
    with closing(sqlite3.connect(access.name)) as database:
        query = "select name from sqlite_master where type = 'table'"
        return {name for (name,) in database.execute(query)}


def test_an_existing_folder_gets_a_file_for_each_declaration(tmp_path: Path) -> None:
    """Each its own, for this user alone, written ahead; nothing else is touched."""
    (tmp_path / "theirs").write_text("theirs")
    names = ("shop__a__main", "shop__b__main")
    found = []
    for name in names:
        assert engine.ready(folder_url(tmp_path))
        engine.provision(folder_url(tmp_path), grant(name))
        found.append(engine.access(folder_url(tmp_path), grant(name)))
        keep(found[-1].url, name)

    assert [kept(each.url) for each in found] == [[name] for name in names]
    files = [Path(each.name) for each in found]
    assert [f.name for f in files] == [f"{name}.sqlite" for name in names]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    with closing(sqlite3.connect(files[0])) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    assert (tmp_path / "theirs").read_text() == "theirs"


@pytest.mark.parametrize(
    "url", ["sqlite://data", "sqlite:///data", "sqlite://", "http://h/data", "nonsense"]
)
def test_a_url_that_is_no_folder_is_told(url: str) -> None:
    """Three slashes are a relative path, which means another folder to everybody."""
    with pytest.raises(EngineError) as caught:
        engine.ready(url)
    assert "sqlite:////absolute/folder" in (caught.value.hint or "")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It is not made: a volume that is not mounted would be written below."""
    with pytest.raises(EngineError, match="there is no folder"):
        engine.ready(folder_url(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database_is_told_and_left(tmp_path: Path) -> None:
    """Damage is never repaired by guess."""
    file = tmp_path / "shop_catalog_main.sqlite"
    file.write_bytes(b"this was a letter, long ago" * 100)
    with pytest.raises(EngineError, match="not a database") as caught:
        engine.provision(folder_url(tmp_path), grant())
    assert "backup" in (caught.value.hint or "")
    assert file.read_bytes().startswith(b"this was a letter")


@pytest.mark.parametrize("name", ["größe 'a\" b", "100% #1?", "a&b=c;d"])
def test_libraries_read_the_path_out_of_the_url(tmp_path: Path, name: str) -> None:
    """The file is the same by URL, by path and for SQLAlchemy."""
    folder = tmp_path / name
    folder.mkdir()
    given = grant()
    engine.provision(folder_url(folder), given)
    access = engine.access(folder_url(folder), given)
    keep(access.url, "tea")
    parts = client.access(clients.plain_url(access.url))
    offered = access.offer(engine.variables)

    assert parts["name"] == access.name == offered["SQLITE_PATH"]
    url: Any = offered["SQLALCHEMY_DATABASE_URI"]
    if "?" in name:
        # It takes the rest for options: there it needs the parts.
        url = sqlalchemy.URL.create("sqlite", database=parts["name"])
    its = sqlalchemy.create_engine(url)
    with its.connect() as database:
        values = database.execute(sqlalchemy.text("select value from kept"))
        assert values.scalars().all() == ["tea"]
    its.dispose()


def test_a_killed_writer_loses_nothing(access: Access) -> None:
    """What a killed process had committed is there, and what it had not is not."""
    code = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("create table kept (value text)")
for number in range(50):
    database.execute("insert into kept values (?)", [str(number)])
    database.commit()
database.execute("insert into kept values ('uncommitted')")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, access.name], check=False)
    assert kept(access.url) == [str(number) for number in range(50)]


def test_a_rewind_waits_for_a_transaction_and_not_for_ever(
    marked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever forgot to commit is told so; afterwards it works."""
    monkeypatch.setattr(sqlite_copies, "PATIENCE", 0.2)
    url, given = marked
    path = engine.access(url, given).name
    with closing(sqlite3.connect(path)) as careless:
        careless.execute("insert into thing values ('a')")
        with pytest.raises(EngineError, match="locked") as caught:
            engine.rewind(url, given)
        assert "commit" in (caught.value.hint or "")
        careless.rollback()
        engine.rewind(url, given)


def test_a_rewind_is_seen_by_who_reads(marked: Any) -> None:
    """Also a table that was made, changed or dropped meanwhile is as it was."""
    url, given = marked
    path = engine.access(url, given).name
    with closing(sqlite3.connect(path, isolation_level=None)) as service:
        for change in (
            "create table another (n int)",
            "drop table thing",
            "alter table thing add column n int",
        ):
            service.execute(change)
            engine.rewind(url, given)
            query = "select sql from sqlite_master"
            assert service.execute(query).fetchall() == [
                ("CREATE TABLE thing (name text)",)
            ]


def test_a_wipe_empties_what_somebody_has_open(access: Access, tmp_path: Path) -> None:
    """Who has the file open goes on with the new one, and loses nothing to the old."""
    keep(access.url, "tea")
    with closing(sqlite3.connect(access.name, isolation_level=None)) as service:
        service.execute("select * from kept").fetchall()
        engine.wipe(folder_url(tmp_path), grant())
        assert kept(access.url) == []
        service.execute("create table kept (value text)")
        service.execute("insert into kept values ('milk')")
    engine.provision(folder_url(tmp_path), grant())
    assert kept(access.url) == ["milk"]
    engine.wipe(folder_url(tmp_path), grant())
    assert not list(tmp_path.glob("*.sqlite*"))


def test_scripts_are_applied_once_and_in_order(access: Access, tmp_path: Path) -> None:
    """A second run finds nothing to do; a new file is applied."""
    told: list[str] = []
    first = {"1_thing": "create table thing (n int);", "2_add": "insert into thing"}
    first["2_add"] += " values (1); insert into thing values (2);"
    for _ in range(2):
        engine.apply(access, scripts(tmp_path, **first), told.append)
    later = scripts(tmp_path, **first, **{"10_index": "create index i on thing (n)"})
    engine.apply(access, later, told.append)

    assert told == [f"applied `{n}.sql`" for n in ("1_thing", "2_add", "10_index")]
    with closing(sqlite3.connect(access.name)) as database:
        assert database.execute("select sum(n) from thing").fetchone() == (3,)


def test_a_failed_script_changes_nothing(access: Access, tmp_path: Path) -> None:
    """File, line and statement are named; what it began is undone."""
    text = "create table thing (n int);\n\ninsert into nowhere\nvalues (1);"
    with pytest.raises(TaskFailed) as caught:
        engine.apply(access, scripts(tmp_path, **{"1_thing": text}), lambda _: None)
    assert "1_thing.sql`, line 3: no such table: nowhere" in caught.value.message
    assert "insert into nowhere values (1)" in caught.value.message
    assert tables(access) == {"glassware_migrations"}


def test_a_script_is_a_transaction_already(access: Access, tmp_path: Path) -> None:
    """One of its own would end ours in the middle."""
    text = "create table thing (n int); commit; begin;"
    with pytest.raises(TaskFailed) as caught:
        engine.apply(access, scripts(tmp_path, **{"1": text}), lambda _: None)
    assert "one transaction" in (caught.value.hint or "")
    assert tables(access) == {"glassware_migrations"}


def test_triggers_are_one_statement(access: Access, tmp_path: Path) -> None:
    """The `;` inside of a trigger ends nothing."""
    text = """
        create table thing (n int);
        create trigger more after insert on thing when new.n < 3 begin
            insert into thing values (new.n + 1);
            select case when new.n > 9 then raise(abort, 'many;') end;
        end;
        insert into thing values (2);
        """
    engine.apply(access, scripts(tmp_path, **{"1": text}), lambda _: None)
    with closing(sqlite3.connect(access.name)) as database:
        assert database.execute("select sum(n) from thing").fetchone() == (5,)


def test_the_shell_is_that_of_the_machine(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sqlite3` where it is on the path, else none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.shell(access) is None
    program = tmp_path / "sqlite3"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shell = engine.shell(access)
    assert shell is not None
    assert shell.argv == (str(program), access.name)


def test_a_data_folder_of_somebody_else_is_told(embed: Embedder) -> None:
    """A file that cannot be opened is named, with its path."""
    server: Embedded = embed(engine).start()
    given = grant()
    path = Path(engine.access(server.url, given).name)
    path.mkdir()
    with pytest.raises(EngineError, match="cannot be used") as caught:
        server.provision(replace(given))
    assert str(path) in caught.value.message
    server.grants.clear()
    path.rmdir()
