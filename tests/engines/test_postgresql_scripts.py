"""Files of migrations in PostgreSQL: each whole or not at all."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from engines.embedded import Embedded, embedding, grant, until
from glassware import engines
from glassware.engines import Access, Script
from glassware.errors import EngineError, TaskFailed


engine = engines.find("postgresql")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("postgresql")) as embedder:
        yield embedder(engine).start()


@pytest.fixture
def access(shared: Embedded) -> Access:
    """A new database."""
    return shared.provision(grant())


def apply(access: Access, **texts: str) -> list[str]:
    """Apply files by their names without the ending; return what was told."""
    said: list[str] = []
    folder = Path("/shop/services/stock/migrations")
    scripts = [Script(path=folder / f"{n}.sql", text=t) for n, t in texts.items()]
    engine.apply(access, scripts, said.append)
    return said


def ask(access: Access, question: str) -> list[tuple[object, ...]]:
    """Return the rows of a question, asked as the service."""
    with psycopg.connect(access.url, autocommit=True) as connection:
        rows = connection.execute(question.encode()).fetchall()
    connection.close()
    return rows


def tables(access: Access) -> set[object]:
    """Return the tables of the service's own schema."""
    found = "select tablename from pg_tables where tableowner = current_user"
    return {name for (name,) in ask(access, found)} - {"glassware_migrations"}


def test_files_are_applied_once_as_the_service(access: Access) -> None:
    """What they make belongs to the service's role; a second run does nothing."""
    files = {
        "a1": "create table a (x int);\ninsert into a values (1);",
        "a2": "insert into a values (2); -- % ünd\n",
    }
    assert apply(access, **files) == [
        *("applied `migrations/a1.sql`", "applied `migrations/a2.sql`")
    ]
    assert apply(access, **files) == []
    assert ask(access, "select x from a order by x") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("text", "line", "said", "statement"),
    [
        ("create table a (x int);\n\nselec 1;", 3, "syntax error", "`selec 1`"),
        (
            (
                "create table a (x int primary key);\ninsert into a values (1);\n"
                "insert into a\n  values (1);\nselect 1"
            ),
            *(3, "Key (x)=(1) already exists", "`insert into a values (1)`"),
        ),
        ("select 'ü';\nselect 1,\n  nope;", 3, 'column "nope"', "`select 1, nope`"),
        ("create table a (x int); copy a from stdin;", 1, "copy from", "`copy a"),
        ("create table a ();\ncommit;", 2, "transaction of its own", "`commit`"),
        ("create table a ();\nROLLBACK", 2, "transaction of its own", "`ROLLBACK`"),
        ("vacuum;", 1, "cannot run inside a transaction block", "`vacuum`"),
    ],
)
def test_a_failed_file_changes_nothing_and_is_named(
    access: Access, text: str, line: int, said: str, statement: str
) -> None:
    """File, line, statement and reason are told; what was before it stays."""
    with pytest.raises(TaskFailed) as caught:
        apply(access, a1="create table before (x int)", a2=text)
    assert f"`migrations/a2.sql`, line {line}: " in caught.value.message
    assert said in caught.value.message
    assert statement in caught.value.message
    assert tables(access) == {"before"}
    assert apply(access, a1="create table before (x int)", a2="create table a ()")


def test_a_savepoint_is_no_transaction_of_its_own(access: Access) -> None:
    """Going back to one stays within the file's transaction."""
    text = "savepoint s; create table a (); rollback to s; create table b ();"
    apply(access, a=text)
    assert tables(access) == {"b"}


def test_a_file_may_do_without_a_transaction(access: Access) -> None:
    """`create index concurrently` cannot have one."""
    apply(
        access,
        a1="create table a (x int)",
        a2="-- No transaction\ncreate index concurrently i on a (x);\nvacuum a",
    )
    assert ask(access, "select indexname from pg_indexes where tablename = 'a'") == [
        ("i",)
    ]


def test_a_file_without_a_transaction_says_what_is_left_of_it(access: Access) -> None:
    """It is not recorded, so that it runs again once it is mended."""
    text = "-- no transaction\ncreate table if not exists a ();\nselect 1/0;"
    with pytest.raises(TaskFailed, match=r"line 3: division by zero") as caught:
        apply(access, a=text)
    assert "run again" in (caught.value.hint or "")
    assert apply(access, a=text.replace("1/0", "1"))
    assert tables(access) == {"a"}


def test_settings_of_a_file_end_with_it(access: Access) -> None:
    """A dump empties the search path; the next file finds its tables all the same."""
    dump = "select pg_catalog.set_config('search_path', '', false);"
    apply(access, a1=f"{dump} create table public.a ();", a2="create table b ();")
    assert tables(access) == {"a", "b"}


def test_two_at_once_take_turns(access: Access) -> None:
    """Each file runs once, whoever comes first, and nobody fails."""
    texts = {f"a{n}": f"create table t{n} ()" for n in range(8)}
    texts["a9"] = "-- no transaction\ncreate index concurrently i on t1 ((1));"
    with ThreadPoolExecutor() as pool:
        both = pool.map(lambda _: apply(access, **texts), range(3))
        said = [line for lines in both for line in lines]
    assert len(said) == len(set(said)) == 9


def test_what_waits_for_a_lock_gives_up(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that somebody left open does not hold everybody up for ever."""
    monkeypatch.setattr("glassware.engines.postgresql.scripts.LOCKED_FOR", 1)
    apply(access, a1="create table a (x int)")
    with psycopg.connect(access.url) as other:
        other.execute("select * from a")
        with pytest.raises(TaskFailed, match="lock timeout") as caught:
            apply(
                access, a1="create table a (x int)", a2="alter table a add column y int"
            )
    other.close()
    assert "another connection" in (caught.value.hint or "")


def test_who_is_killed_while_migrating_holds_up_nobody(access: Access) -> None:
    """The server notices, undoes the file, and the next one begins anew."""
    script = (
        "import sys; from pathlib import Path\n"
        "from glassware.engines import Access, Script, find\n"
        "url, text = sys.argv[1:]\n"
        "access = Access(url=url, native_url=url, host='', port=0, user='', "
        "password='', name='')\n"
        "find('postgresql').apply(access, [Script(path=Path('a.sql'), text=text)], print)"
    )
    text = "create table a (); select pg_sleep(1000);"
    argv = [sys.executable, "-c", script, access.url, text]
    backend = "select pid from pg_stat_activity where query like '%pg_sl' || 'eep%'"
    with subprocess.Popen(argv) as process:
        until(lambda: bool(ask(access, backend)), lambda: "it does not run")
        process.kill()
    assert apply(access, a="create table a ()")
    assert tables(access) == {"a"}


def test_a_killed_migration_leaves_nothing_behind(access: Access) -> None:
    """The server notices that who migrated is gone; the next one begins anew."""
    text = "create table a (); select pg_sleep(30);"
    backend = "select pid from pg_stat_activity where query like '%pg_sl' || 'eep%'"
    with ThreadPoolExecutor() as pool:
        running = pool.submit(apply, access, a=text)
        until(lambda: bool(ask(access, backend)), lambda: "it does not run")
        ask(access, f"select pg_terminate_backend(({backend}))")
        with pytest.raises((EngineError, TaskFailed)):
            running.result()
    assert tables(access) == set()
    assert apply(access, a="create table a ()")


def test_a_server_that_is_not_there_is_told_without_the_password(
    access: Access, shared: Embedded
) -> None:
    """Nothing of the URL's secret is in the message."""
    wrong = engine.access(shared.url, grant("nobody_there"))
    with pytest.raises(EngineError, match="did not reach") as caught:
        apply(wrong, a="select 1")
    assert wrong.password not in str(caught.value)
