"""What is tried on a server that runs: by neighbours, by forks, by odd names."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from cassandra import InvalidRequest, Unauthorized
from cassandra.protocol import SyntaxException
from pymongo.errors import OperationFailure

from engines.embedded import Embedded, embedding, grant
from engines.keeping import connected, keep, kept
from glassware import engines
from glassware.clients import postgresql as client_of_postgresql
from glassware.engines import Access
from glassware.errors import EngineError
from glassware.runner.given import Given


ODD_NAME = "a'b\"c d;e"
ODD_PASSWORD = "a'b\"c d;%40@:/?#[]\\$1ö--"


@pytest.fixture(scope="module", params=engines.NAMES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedded]:
    """A server of each engine in turn, started once."""
    with embedding(tmp_path_factory.mktemp(request.param)) as embed:
        yield embed(engines.find(request.param)).start()


@pytest.fixture
def shared(server: Embedded) -> Iterator[Embedded]:
    """That server, with nothing on it after the test."""
    yield server
    server.wipe()


def test_odd_names_and_passwords_are_only_text(shared: Embedded) -> None:
    """Quotes, spaces, a `;` and signs of URLs, in everything that has a name."""
    odd = replace(grant(ODD_NAME), password=ODD_PASSWORD)
    access = shared.provision(odd)
    keep(access.url, "tea")
    assert kept(access.native_url) == ["tea"]
    if shared.engine.name in {"postgresql", "mongodb", "cassandra"}:
        plain = shared.provision(grant("a_b_c_d_e"))
        assert kept(plain.url) == []
    client = Given(shared.engine)
    assert client.ready(access.url)
    assert client.access(access.url, odd).password == access.password


def test_a_wrong_password_is_told(shared: Embedded) -> None:
    """A database that is given with the wrong one: an error, without the right one."""
    access = shared.provision(grant())
    if not access.password or shared.engine.name == "dynamodb":
        pytest.skip("nobody asks for a password")
    wrong = access.url.replace(quote(access.password, safe=""), "hunter2")
    with pytest.raises(EngineError) as caught:
        Given(shared.engine).ready(wrong)
    told = f"{caught.value.message} {caught.value.hint}"
    assert "refuse" in told
    assert "hunter2" not in told
    assert access.password not in told


POSTGRESQL = """
    alter role "{mine}" superuser
    alter role "{mine}" createrole
    alter role "{mine}" connection limit -1
    alter role "{theirs}" password 'x'
    grant "{theirs}" to "{mine}"
    grant pg_read_server_files to "{mine}"
    grant all on database "{theirs}" to "{mine}"
    set role "{theirs}"
    set session authorization "{theirs}"
    create role intruder
    create database intruder
    drop database "{theirs}"
    alter database "{theirs}" rename to gone
    copy (select 1) to program 'true'
    copy (select 1) to '/tmp/intruder'
    select pg_read_file('PG_VERSION')
    select lo_import('/etc/passwd')
    select * from pg_authid
    alter system set work_mem = '1GB'
    create extension file_fdw
    create extension dblink
    load '/tmp/intruder.so'
    create function f() returns int language c as '/tmp/intruder', 'f'
    select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()
    """
CASSANDRA = """
    SELECT * FROM "{theirs}".kept
    INSERT INTO "{theirs}".kept (list, number, value) VALUES (0, now(), 'x')
    TRUNCATE "{theirs}".kept
    DROP KEYSPACE "{theirs}"
    ALTER KEYSPACE "{theirs}" WITH durable_writes = false
    CREATE TABLE "{theirs}".mine (a int PRIMARY KEY)
    CREATE INDEX ON "{theirs}".kept (value)
    CREATE KEYSPACE x WITH replication = {{'class': 'SimpleStrategy', \
'replication_factor': 1}}
    CREATE USER intruder WITH PASSWORD 'x'
    CREATE USER intruder WITH PASSWORD 'x' SUPERUSER
    ALTER USER "{mine}" SUPERUSER
    ALTER USER '{mine}' SUPERUSER
    ALTER USER '{theirs}' WITH PASSWORD 'x'
    ALTER USER cassandra WITH PASSWORD 'x'
    DROP USER '{theirs}'
    GRANT ALL ON KEYSPACE "{theirs}" TO '{mine}'
    GRANT ALL ON ALL KEYSPACES TO '{mine}'
    GRANT SELECT ON KEYSPACE "{mine}" TO '{theirs}'
    SELECT * FROM system_auth.credentials
    UPDATE system_auth.users SET super = true WHERE name = '{mine}'
    DELETE FROM system_auth.users WHERE name = 'cassandra'
    LIST ALL PERMISSIONS OF '{theirs}'
    """
MONGODB: tuple[Callable[[Any, str, str], object], ...] = (
    lambda c, _, theirs: c[theirs].kept.find_one(),
    lambda c, _, theirs: c[theirs].kept.insert_one({"value": "x"}),
    lambda c, _, theirs: c.drop_database(theirs) or c[theirs].command("dropDatabase"),
    lambda c, mine, theirs: c[mine].command(
        "grantRolesToUser", mine, roles=[{"role": "read", "db": theirs}]
    ),
    lambda c, mine, _: c[mine].command("updateUser", mine, roles=["dbOwner"]),
    lambda c, mine, _: c[mine].command("createUser", "x", pwd="x", roles=["root"]),
    lambda c, _, theirs: c[theirs].command("updateUser", theirs, pwd="x"),
    lambda c, mine, theirs: c[mine].kept.aggregate(
        [{"$lookup": {"from": {"db": theirs, "coll": "kept"}, "as": "x"}}]
    ),
    lambda c, mine, theirs: list(
        c[mine].kept.aggregate([{"$merge": {"into": {"db": theirs, "coll": "kept"}}}])
    ),
    lambda c, mine, theirs: list(
        c[mine].kept.aggregate([{"$out": {"db": theirs, "coll": "kept"}}])
    ),
    lambda c, mine, theirs: c.admin.command(
        "renameCollection", f"{theirs}.kept", to=f"{mine}.got"
    ),
    lambda c, mine, theirs: c[mine].command(
        "create", "view", viewOn="kept", pipeline=[], db=theirs
    ),
    lambda c, *_: c.local["oplog.rs"].find_one(),
    lambda c, *_: c.admin.system.users.find_one(),
    lambda c, *_: c.config.system.sessions.find_one(),
    lambda c, *_: c.admin.command("shutdown"),
    lambda c, *_: c.admin.command("replSetStepDown", 1),
    lambda c, *_: c.admin.command("setParameter", 1, logLevel=1),
    lambda c, *_: c.admin.command("fsync", lock=True),
)


def test_a_neighbours_database_stays_closed(shared: Embedded) -> None:
    """Nothing that is tried with one's own credentials reaches it, or makes one more."""
    if shared.engine.name not in {"postgresql", "mongodb", "cassandra"}:
        pytest.skip("each declaration has a process, or a file, of its own")
    mine, theirs = (shared.provision(grant(f"shop_{n}")) for n in ("mine", "theirs"))
    keep(mine.url, "coffee")
    keep(theirs.url, "tea")

    assert list(intrude(shared.engine.name, mine, theirs)) == []

    assert kept(theirs.url) == ["tea"]
    assert kept(mine.url) == ["coffee"]


def intrude(engine: str, mine: Access, theirs: Access) -> Iterator[object]:
    """Give everything that was tried and not refused."""
    with connected(mine.url) as client:
        if engine == "mongodb":
            for number, attempt in enumerate(MONGODB):
                with suppress(OperationFailure):
                    attempt(client.client, mine.name, theirs.name)
                    yield number
            return
        tries = POSTGRESQL if engine == "postgresql" else CASSANDRA
        if engine == "postgresql":
            client.autocommit = True
        for line in tries.strip().splitlines():
            statement = line.strip().format(mine=mine.name, theirs=theirs.name)
            with suppress(psycopg.Error, Unauthorized, InvalidRequest, SyntaxException):
                rows = list(client.execute(statement) or ())
                yield statement, rows


FORKS = """
import multiprocessing, os, sys
from glassware import databases

def use():
    main = databases.main
    kind = type(main).__module__.partition(".")[0]
    if kind == "psycopg_pool":
        with main.connection() as db:
            return db.execute("select 7").fetchone()[0]
    if kind == "redis":
        main.set("seven", 7)
        return int(main.get("seven"))
    if kind == "pymongo":
        main.kept.replace_one({"_id": os.getpid()}, {"seven": 7}, upsert=True)
        return main.kept.find_one({"_id": os.getpid()})["seven"]
    if kind == "cassandra":
        return 7 * len(list(main.execute("select key from system.local")))
    if kind == "boto3":
        return 7 + len(list(main.tables.all()))
    return main.execute("select 7").fetchone()[0]

def in_child(leave):
    child = os.fork()
    if child == 0:
        try:
            code = use()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            code = 1
        leave(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

if __name__ == "__main__":
    said = [use()]
    said.append(in_child(os._exit))
    said.append(use())
    said.append(in_child(sys.exit))
    said.append(use())
    with multiprocessing.get_context("fork").Pool(2) as pool:
        said += pool.starmap(use, [()] * 4)
    said.append(use())
    print(*said)
"""


def test_a_fork_with_an_open_client(shared: Embedded, tmp_path: Path) -> None:
    """Parent and children go on, each with connections of its own; none hangs."""
    script = tmp_path / "forks.py"
    script.write_text(FORKS)
    access = shared.provision(grant())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        env={**os.environ, "GLASSWARE_DATABASE_MAIN_URL": access.native_url},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == (["7"] * 10, 0), done.stderr
    assert "Traceback" not in done.stderr


def test_too_many_connections_are_refused_and_told(shared: Embedded) -> None:
    """Who takes all it can gets an error that is one of a lost server: a 503."""
    if shared.engine.name != "postgresql":
        pytest.skip("only PostgreSQL counts the connections of a service")
    access = shared.provision(grant())
    other = shared.provision(grant("shop_other"))
    held = [psycopg.connect(access.url) for _ in range(40)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many") as caught:
            psycopg.connect(access.url)
        assert client_of_postgresql.is_lost(caught.value)
        assert kept(other.url) == []
    finally:
        for connection in held:
            connection.close()
    assert kept(access.url) == []
