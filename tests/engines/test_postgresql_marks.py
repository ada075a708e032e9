"""PostgreSQL goes back to a mark: what tests do to a database, and what is left."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from engines.embedded import Embedded, embedding, grant
from engines.existing import existing
from glassware import engines
from glassware.engines import Access, Grant


engine = engines.find("postgresql")

SHOP = """
create type colour as enum ('red', 'green');
create sequence numbers;
create table shelves (id serial primary key, name text unique not null);
create table teas (
    id bigint generated always as identity primary key,
    shelf int references shelves on delete cascade,
    name text not null,
    shout text generated always as (upper(name)) stored,
    paint colour default 'red',
    notes jsonb
);
create table days (day date, tea bigint) partition by range (day);
create table days_2026 partition of days for values from ('2026-01-01') to ('2027-01-01');
create table empty (value int);
create function loud() returns trigger language plpgsql as
    $$ begin new.name = new.name || '!'; return new; end $$;
create trigger loudly before insert on teas for each row execute function loud();
create materialized view counted as select count(*) from teas;
insert into shelves (name) values ('upper'), ('lower');
insert into teas (shelf, name, notes) values (1, 'black', '{"a": [1]}'), (2, 'green', null);
insert into days values ('2026-11-22', 1);
select nextval('numbers');
"""

WRITES = [
    "insert into teas (shelf, name) values (1, 'white')",
    "update teas set name = 'brown' where id = 1",
    "update teas set name = name",
    "delete from shelves where id = 1",
    "delete from days; insert into days values ('2026-11-22', 1)",
    "insert into empty select generate_series(1, 1000)",
    "select nextval('numbers'), setval('shelves_id_seq', 100)",
    "begin; savepoint one; insert into empty values (1); release one; commit",
    "begin; insert into empty values (1); rollback",
    "select lo_create(0)",
    "refresh materialized view counted",
]
LOUDER = (
    "create or replace function loud() returns trigger language plpgsql as $$ begin"
    " return new; end $$"
)
CHANGES = [
    "truncate shelves restart identity cascade",
    "create table other (value int); insert into other values (1)",
    "drop table teas cascade",
    "alter table empty add column more text default 'x'",
    "alter table teas disable trigger loudly",
    "alter type colour add value 'blue'",
    LOUDER,
    "create schema aside create table inside (value int)",
    "create index on teas (name)",
    "comment on table teas is 'hot'",
    "alter sequence numbers increment 5",
    "create extension citext",
    "drop schema public cascade",
    "create temporary table passing (value int)",
    "vacuum full; analyze",
]
DESCRIBED = """
select 'type', typname::text, array(select enumlabel::text from pg_enum
    where enumtypid = t.oid order by enumsortorder)::text
    from pg_type t join pg_namespace n on n.oid = typnamespace where nspname not like 'pg%'
union all select 'column', attrelid::regclass::text || '.' || attname, atttypid::text
    from pg_attribute join pg_class c on c.oid = attrelid
    join pg_namespace n on n.oid = relnamespace
    where nspname not like 'pg%' and nspname <> 'information_schema' and not attisdropped
union all select 'function', proname::text, prosrc from pg_proc where prolang > 14
union all select 'trigger', tgname::text, tgenabled::text from pg_trigger
union all select 'extension', extname::text, '' from pg_extension
union all select 'comment', objoid::regclass::text, description from pg_description
    where classoid = 'pg_class'::regclass and objoid >= 16384
union all select 'object', oid::text, '' from pg_largeobject_metadata
union all select 'sequence', seqrelid::regclass::text, seqincrement::text from pg_sequence
order by 1, 2, 3
"""
TABLES = ("shelves", "teas", "days", "empty", "counted")


def state(url: str) -> object:
    """Return everything that there is in a database."""
    with psycopg.connect(url) as connection:
        described = connection.execute(DESCRIBED).fetchall()
        rows = {
            table: sorted(map(str, connection.execute(f"table {table}").fetchall()))
            for table in TABLES
        }
        positions = [
            connection.execute(f"select last_value, is_called from {name}").fetchone()
            for name in ("numbers", "shelves_id_seq", "teas_id_seq")
        ]
        return described, rows, positions


def do(url: str, statements: str) -> None:
    """Run statements as a service does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in [statements] if "$$" in statements else statements.split(";"):
            if statement.strip():
                connection.execute(statement)


def databases(url: str) -> set[object]:
    """Return the databases of a server."""
    with psycopg.connect(url) as administrator:
        return {
            name for (name,) in administrator.execute("select datname from pg_database")
        }


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("postgresql")) as embedder:
        yield embedder(engine).start()


@pytest.fixture(scope="module")
def marked(standing: Embedded) -> tuple[Grant, Access]:
    """A database with something of everything, marked once."""
    given = grant("shop_marked_main")
    access = standing.provision(given)
    with psycopg.connect(access.url) as connection:
        connection.execute(SHOP)
    engine.mark(standing.url, given)
    return given, access


@pytest.mark.parametrize("change", WRITES + CHANGES)
def test_everything_is_undone(
    standing: Embedded, marked: tuple[Grant, Access], change: str
) -> None:
    """Rows, sequences, tables, types, functions: nothing of a test is left."""
    given, access = marked
    before = state(access.url)
    do(access.url, change)
    engine.rewind(standing.url, given)
    assert state(access.url) == before
    do(access.url, "insert into teas (shelf, name) values (1, 'red')")
    engine.rewind(standing.url, given)
    assert state(access.url) == before


@pytest.mark.parametrize("change", WRITES[:9])
def test_connections_outlive_what_is_only_rows(
    standing: Embedded, marked: tuple[Grant, Access], change: str
) -> None:
    """The pools of services notice nothing of a test that only wrote."""
    given, access = marked
    with psycopg.connect(access.url, autocommit=True) as waiting:
        waiting.execute("select 1")
        do(access.url, change)
        engine.rewind(standing.url, given)
        assert waiting.execute("select count(*) from teas").fetchone() == (2,)
    waiting.close()


def test_an_open_transaction_is_no_obstacle(
    standing: Embedded, marked: tuple[Grant, Access]
) -> None:
    """Who forgot to commit loses what he wrote, and holds nobody up."""
    given, access = marked
    before = state(access.url)
    forgotten = psycopg.connect(access.url)
    forgotten.execute("savepoint one")
    forgotten.execute("insert into empty values (1)")
    began = time.monotonic()
    engine.rewind(standing.url, given)
    assert time.monotonic() - began < 10
    with pytest.raises(psycopg.Error):
        forgotten.execute("commit")
    forgotten.close()
    assert state(access.url) == before


def test_databases_of_one_server_go_back_at_once(standing: Embedded) -> None:
    """All databases of a site are brought back in parallel, again and again."""
    grants = [grant(f"shop_service{number}_main") for number in range(4)]
    accesses = [standing.provision(given) for given in grants]
    for given, access in zip(grants, accesses, strict=True):
        with psycopg.connect(access.url) as connection:
            connection.execute(SHOP)
        engine.mark(standing.url, given)
    before = [state(access.url) for access in accesses]
    with ThreadPoolExecutor(4) as threads:
        for change in ("delete from teas", "create table x ()", "delete from days"):
            for access in accesses:
                do(access.url, change)
            list(threads.map(lambda given: engine.rewind(standing.url, given), grants))
            assert [state(access.url) for access in accesses] == before


def test_settings_and_rights_stay(
    standing: Embedded, marked: tuple[Grant, Access]
) -> None:
    """What a migration set for the database holds after it was replaced, too."""
    given, access = marked
    role = f'"{access.user}"'
    with psycopg.connect(standing.url, autocommit=True) as administrator:
        administrator.execute(
            f"alter database {access.name} set search_path to public, \"a b\", '$user'"
        )
    administrator.close()
    do(access.url, "create table other ()")
    engine.rewind(standing.url, given)
    with psycopg.connect(access.url) as connection:
        assert connection.execute("show search_path").fetchone() == (
            'public, "a b", "$user"',
        )
        owner = "select datdba::regrole::text, datacl::text from pg_database"
        row = connection.execute(f"{owner} where datname = %s", [access.name])
        assert row.fetchone() == (
            role.strip('"'),
            f"{{{access.user}=CTc/{access.user}}}",
        )
    connection.close()


def test_nobody_else_opens_the_copy(
    standing: Embedded, marked: tuple[Grant, Access]
) -> None:
    """A service finds its own database, and no way into the mark."""
    _, access = marked
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(access.url, dbname=f"{access.name}.mark")


def test_an_ordinary_administrator_can_too(embed: object) -> None:
    """Where the administrator is no superuser, the database is replaced each time."""
    with existing("postgresql", embed) as server:  # type: ignore[arg-type]
        given = grant("shop_hosted_main")
        access = server.provision(given)
        with psycopg.connect(access.url) as connection:
            connection.execute(SHOP)
        server.engine.mark(server.url, given)
        before = state(access.url)
        for change in (WRITES[0], CHANGES[0]):
            do(access.url, change)
            server.engine.rewind(server.url, given)
            assert state(access.url) == before
        server.engine.wipe(server.url, given)


def test_long_names_have_marks_too(standing: Embedded) -> None:
    """A name that has no room for an ending is marked like any other."""
    before = databases(standing.url)
    given = grant("site_" + "very_long_name_" * 5)
    access = standing.provision(given)
    engine.mark(standing.url, given)
    do(access.url, "create table other ()")
    engine.rewind(standing.url, given)
    with psycopg.connect(access.url) as connection:
        found = connection.execute("select to_regclass('other')").fetchone()
    assert found == (None,)
    engine.wipe(standing.url, given)
    assert databases(standing.url) == before
