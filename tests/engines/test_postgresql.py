"""What PostgreSQL promises beyond what every engine does."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import errors

from engines.embedded import Embedded, Embedder, embedding, grant, until
from engines.keeping import keep, kept
from glassware import engines
from glassware.engines import Access, Grant
from glassware.errors import EngineError


engine = engines.find("postgresql")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("postgresql")) as embedder:
        yield embedder(engine).start()


@contextmanager
def session(
    access: Access, database: str | None = None
) -> Iterator[psycopg.Connection]:
    """Connect with the credentials of `access`, to any database."""
    with psycopg.connect(
        access.url, dbname=database or access.name, autocommit=True
    ) as connection:
        yield connection
    connection.close()


def test_services_cannot_enter_other_databases(shared: Embedded) -> None:
    """Neither a neighbour's database nor the server's own ones let a service in."""
    mine = shared.provision(grant("shop_catalog_main"))
    shared.provision(grant("shop_accounts_main"))
    for other in ("shop_accounts_main", "postgres", "template1"):
        with (
            pytest.raises(psycopg.OperationalError, match="permission denied"),
            session(mine, other),
        ):
            pass


def test_credentials_open_one_role_only(shared: Embedded) -> None:
    """A service's password is worth nothing for a neighbour's role."""
    mine = grant("shop_catalog_main")
    shared.provision(mine)
    shared.provision(grant("shop_accounts_main"))
    guess = Grant(
        database="shop_accounts_main", role="shop_accounts_main", password=mine.password
    )
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        kept(engine.access(shared.url, guess).url)


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to program 'true'",
        "create temp table t (line text); copy t from program 'id'",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "select rolpassword from pg_authid",
        "create role intruder superuser",
        "create database another",
        "set role postgres",
        "alter role current_user superuser",
        "alter system set fsync = off",
        "create function f() returns int language c as 'libc.so.6', 'getpid'",
    ],
)
def test_services_have_no_power_over_the_server(
    shared: Embedded, statement: str
) -> None:
    """Programs, files, roles and settings of the server are out of reach."""
    with (
        session(shared.provision(grant())) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_services_own_their_database(shared: Embedded) -> None:
    """Schemas, trusted extensions and settings of the database are the service's."""
    with session(shared.provision(grant())) as connection:
        connection.execute("create schema shelf")
        connection.execute("create extension pg_trgm")
        connection.execute("alter database shop_catalog_main set work_mem = '8MB'")


def test_connections_are_limited(shared: Embedded) -> None:
    """A service that never closes a connection leaves room for the others."""
    greedy, modest = (
        shared.provision(grant("greedy")),
        shared.provision(grant("modest")),
    )
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(session(greedy))
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            stack.enter_context(session(greedy))
        assert kept(modest.url) == []


def test_every_way_in_asks_for_a_password(shared: Embedded) -> None:
    """No line of the server's access file trusts anybody."""
    access_file = shared.place.data / "cluster" / "pg_hba.conf"
    rules = [
        line.split()[-1]
        for line in access_file.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert set(rules) == {"scram-sha-256"}


def test_crash_safety_is_not_traded(shared: Embedded) -> None:
    """Commits reach the disk before they are acknowledged."""
    with session(shared.provision(grant())) as connection:
        for name in (
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "data_checksums",
        ):
            assert connection.execute(f"show {name}").fetchone() == ("on",)


def test_text_is_unicode(shared: Embedded) -> None:
    """Case, order and search know every script, on every machine alike."""
    with session(shared.provision(grant())) as connection:
        row = connection.execute(
            "select upper('größe Ж'), 'straße' ~ '^\\w+$',"
            " to_tsvector('simple', 'größe') @@ to_tsquery('simple', 'GRÖßE')"
        ).fetchone()
    assert row == ("GRÖßE Ж", True, True)


def test_passwords_stay_out_of_the_log(shared: Embedded) -> None:
    """A server told to log every statement still learns no password."""
    with psycopg.connect(shared.url, autocommit=True) as administrator:
        administrator.execute("alter system set log_statement = 'all'")
        administrator.execute("select pg_reload_conf()")
        until(
            lambda: administrator.execute("show log_statement").fetchone() == ("all",),
            shared.said,
        )
    administrator.close()
    given = grant()
    shared.provision(given)
    with psycopg.connect(shared.url, autocommit=True) as administrator:
        administrator.execute("alter system reset log_statement")
        administrator.execute("select pg_reload_conf()")
    administrator.close()
    assert "alter role" in shared.said()
    assert given.password not in shared.said()


def test_services_are_provisioned_at_once(shared: Embedded) -> None:
    """Many services of a site can be provisioned in parallel."""
    grants = [grant(f"service{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        accesses = list(pool.map(shared.provision, grants * 2))
    for access in accesses:
        assert kept(access.url) == []


def test_long_names_stay_apart(shared: Embedded) -> None:
    """Names that PostgreSQL would cut to the same text lead to two databases."""
    long = "site_" + "very_long_name_" * 5
    one, two = (shared.provision(grant(long + end)) for end in ("one", "two"))
    keep(one.url, "tea")
    assert kept(one.url) == ["tea"]
    assert kept(two.url) == []
    assert len(one.name) == len(one.user) == 63


def test_odd_names_and_passwords_are_only_text(shared: Embedded) -> None:
    """Quotes, spaces and percent signs in a grant are never SQL, or URL."""
    name = "a\"b'c; drop role postgres -- %s @/?#"
    access = shared.provision(Grant(database=name, role=name, password="p'\"%@:/?# ö"))
    for url in (access.url, access.native_url):
        keep(url, "tea")
    assert kept(access.url) == ["tea", "tea"]


@pytest.mark.parametrize("made", ["role", "database"])
def test_takes_nothing_over(shared: Embedded, made: str) -> None:
    """A role or database of that name which somebody else made is left alone."""
    with psycopg.connect(shared.url, autocommit=True) as administrator:
        administrator.execute(f"create {made} foreign_{made}")
    administrator.close()
    for question in (engine.provision, engine.wipe):
        with pytest.raises(EngineError, match=f"already has a {made}"):
            question(shared.url, grant(f"foreign_{made}"))


def test_a_half_made_data_folder_is_made_again(embed: Embedder) -> None:
    """A crash in the middle of the very first start leaves nothing to clean up."""
    server = embed(engine)
    half = server.place.data / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    keep(server.start().provision(grant()).url, "tea")
    assert not half.exists()


def test_data_of_another_version_is_left_alone(embed: Embedder) -> None:
    """Data of another major version is refused with what to do about it."""
    server = embed(engine)
    engine.prepare(server.place)
    (server.place.data / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineError, match="written by PostgreSQL 17") as caught:
        engine.prepare(server.place)
    assert "PostgreSQL 17 as `program`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(slice(0, None), "need to initdb"), (slice(30, 31), "incorrect checksum")],
)
def test_damaged_data_is_told(embed: Embedder, damage: slice, said: str) -> None:
    """The server's own words about damage come with what to do about it."""
    server = embed(engine).start()
    server.stop()
    control = server.place.data / "cluster" / "global" / "pg_control"
    content = bytearray(control.read_bytes())
    content[damage] = bytes(255 for _ in content[damage])
    control.write_bytes(content)
    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)
    error = engine.explain(server.said())
    assert said in error.message
    assert "backup" in (error.hint or "")


def test_missing_files_are_told(embed: Embedder) -> None:
    """A data folder that lost its heart is refused before the start."""
    server = embed(engine)
    engine.prepare(server.place)
    (server.place.data / "cluster" / "global" / "pg_control").unlink()
    with pytest.raises(EngineError, match="damaged") as caught:
        engine.prepare(server.place)
    assert "backup" in (caught.value.hint or "")


def test_damage_is_found_before_anything_else_is_written(embed: Embedder) -> None:
    """A lost write-ahead log ends the start and is explained; no file is touched."""
    server = embed(engine).start()
    server.stop()
    cluster = server.place.data / "cluster"
    shutil.rmtree(cluster / "pg_wal")
    (cluster / "pg_wal").mkdir()
    digest = hashlib.sha256((cluster / "global" / "pg_control").read_bytes())
    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)
    assert engine.explain(server.said()).hint
    now = hashlib.sha256((cluster / "global" / "pg_control").read_bytes())
    assert now.digest() == digest.digest()


def test_a_failed_initdb_is_told(embed: Embedder) -> None:
    """What `initdb` complains about reaches the user, and nothing is left half-done."""
    server = embed(engine)
    server.place = replace(server.place, password="")
    with pytest.raises(EngineError, match="password file"):
        engine.prepare(server.place)
    assert not (server.place.data / "cluster").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://admin:hunter2%@127.0.0.1/postgres",
        "postgresql://admin:hunter2@127.0.0.1/postgres?sslmod=x",
        "mysql://admin:hunter2@127.0.0.1/postgres",
        "admin:hunter2@127.0.0.1",
        "hunter2",
        "postgresql://admin:hunter2@127.0.0.1:99999/postgres",
        f"postgresql://admin:{quote('hunter2')}@127.0.0.1:1/postgres",
    ],
)
def test_a_bad_url_is_told_and_not_repeated(url: str) -> None:
    """Errors about an existing server never show the password in its URL."""
    with pytest.raises(EngineError) as caught:
        engine.provision(url, grant())
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


def test_tcp_works_where_the_environment_wants_encryption(
    shared: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer's own libpq variables do not reach the embedded server."""
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("PGHOST", "db.example")
    assert engine.ready(shared.url)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_without_user_namespaces(
    embed: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where namespaces are forbidden, root runs the server as `nobody`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("setpriv", "flock", "sh", "true"):
        (programs / name).symlink_to(shutil.which(name) or name)
    server = embed(engine).start()
    keep(server.provision(grant()).url, "tea")
    server.stop()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(programs))
        engines.unprivileged.way_for.cache_clear()
        tmp_path.chmod(0o700)
        server.start()
        assert kept(server.provision(grant()).url) == ["tea"]
        assert server.process is not None
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0
        server.stop()
    engines.unprivileged.way_for.cache_clear()
    server.start()
    assert kept(server.provision(grant()).url) == ["tea"]


def test_a_killed_server_leaves_no_shared_memory(standing: Embedded) -> None:
    """Nothing of it is outside its folders, so nothing piles up on the machine."""
    maps = Path(f"/proc/{_server(standing)}/maps").read_text()

    assert "pg_dynshmem" in maps
    assert "/dev/shm/PostgreSQL" not in maps


def _server(embedded: Embedded) -> int:
    return int((embedded.place.data / "cluster/postmaster.pid").read_text().split()[0])
