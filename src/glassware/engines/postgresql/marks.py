"""Marks of PostgreSQL: a copy of a database, and the way back to it.

The way back is short where only rows were written, which is what tests do: the
changed tables get back the rows of the copy, and connections stay. Where more
was changed than rows, the database is replaced by a new copy.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import psycopg
from psycopg import sql

from glassware.engines import Grant
from glassware.errors import EngineError

from . import rows
from .roles import Connection, do


Connect = Callable[[str], AbstractContextManager[Connection]]
"""Opens a connection of the administrator to a database."""

_SIGN = "A mark of glassware: "
_TRIES = 3
_LONGEST_NAME = 63

_COMMENT = (
    "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
)
_OTHERS = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = %s and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
_AT_WORK = f"{_OTHERS} and xact_start is not null"
_SETTINGS = (
    "select unnest(setconfig) from pg_db_role_setting where setrole = 0"
    " and setdatabase = (select oid from pg_database where datname = %s)"
)


def copy_of(database: str) -> str:
    """Return the name of the copy of a database; no manifest can name it."""
    return _beside(database, "mark")


def mark(administrator: Connection, connect: Connect, grant: Grant) -> None:
    """Copy the database of `grant`, and write down what is in it."""
    remove(administrator, grant)
    copy = copy_of(grant.database)
    _with_nobody_in(
        administrator,
        grant.database,
        lambda: do(
            administrator, "create database {} template {}", copy, grant.database
        ),
    )
    do(administrator, "revoke all on database {} from public", copy)
    with connect(grant.database) as connection, connection.transaction():
        found = rows.lock(connection)
        _write(connection, copy, rows.books(connection, found))


def rewind(connect: Connect, grant: Grant) -> bool:
    """Bring the rows of a database back; return whether that is all it takes.

    Raises:
        EngineError: It has no mark.
    """
    copy = copy_of(grant.database)
    try:
        with connect(grant.database) as connection:
            connection.execute(_AT_WORK, [grant.database])
            with connection.transaction(), ExitStack() as stack:
                before = _read(connection, copy)
                found = rows.changes(connection, rows.lock(connection), before)
                if found.whole or (found and not _almighty(connection)):
                    return False
                if found:
                    missing = any(
                        lost and before.rows[str(table.oid)]
                        for table, lost in found.tables
                    )
                    marked = stack.enter_context(connect(copy)) if missing else None
                    rows.undo(connection, marked, found, before)
                    _write(connection, copy, rows.renewed(connection, before))
    except (psycopg.errors.IntegrityError, psycopg.errors.LockNotAvailable):
        # Rows that break a rule which is younger than they, or somebody who stays.
        return False
    return True


def replace(administrator: Connection, connect: Connect, grant: Grant) -> None:
    """Put a new copy of the copy in the place of the database of `grant`."""
    name, copy = grant.database, copy_of(grant.database)
    before = _read(administrator, copy)
    new, old = _beside(name, "new"), _beside(name, "old")
    for left_over in (new, old):
        do(administrator, "drop database if exists {} with (force)", left_over)
    do(
        administrator,
        "create database {} owner {} template {}",
        *(new, grant.role, copy),
    )
    do(administrator, "revoke all on database {} from public", new)
    _take_settings(administrator, name, new)

    def change_places() -> None:
        with administrator.transaction():
            do(administrator, "alter database {} rename to {}", name, old)
            do(administrator, "alter database {} rename to {}", new, name)

    _with_nobody_in(administrator, name, change_places, opened=(name, old))
    do(administrator, "drop database {} with (force)", old)
    with connect(name) as connection, connection.transaction():
        rows.lock(connection)
        _write(connection, copy, rows.renewed(connection, before))


def remove(administrator: Connection, grant: Grant) -> None:
    """Forget the mark of a database, if it has one."""
    for ending in ("mark", "new", "old"):
        name = _beside(grant.database, ending)
        do(administrator, "drop database if exists {} with (force)", name)


def _beside(database: str, ending: str) -> str:
    """Return a name that no manifest can give, and that PostgreSQL keeps whole."""
    if len(database) + 1 + len(ending) > _LONGEST_NAME:
        database = hashlib.sha256(database.encode()).hexdigest()[:32]
    return f"{database}.{ending}"


def _with_nobody_in(
    administrator: Connection,
    database: str,
    work: Callable[[], None],
    opened: tuple[str, ...] = (),
) -> None:
    """Do what needs a database to itself, then let everybody in again."""
    do(administrator, "alter database {} allow_connections false", database)
    try:
        for left in reversed(range(_TRIES)):
            administrator.execute(_OTHERS, [database])
            try:
                work()
            except psycopg.errors.ObjectInUse:
                # Who was on the way in when the door was shut.
                if not left:
                    raise
            else:
                return
    finally:
        for name in opened or (database,):
            do(administrator, "alter database {} allow_connections true", name)


def _take_settings(administrator: Connection, source: str, target: str) -> None:
    for (setting,) in administrator.execute(_SETTINGS, [source]).fetchall():
        name, _, value = str(setting).partition("=")
        with administrator.transaction():
            administrator.execute("select set_config(%s, %s, true)", [name, value])
            do(administrator, "alter database {} set {} from current", target, name)


def _almighty(connection: Connection) -> bool:
    return connection.info.parameter_status("is_superuser") == "on"


def _read(connection: Connection, copy: str) -> rows.Books:
    row = connection.execute(_COMMENT, [copy]).fetchone()
    text = str(row[0]) if row and row[0] else ""
    if not text.startswith(_SIGN):
        raise EngineError(
            "the PostgreSQL database has no mark to go back to: there is no "
            f"`{copy}` on its server",
            hint="begin the session of tests anew",
        )
    return rows.Books.read(text.removeprefix(_SIGN))


def _write(connection: Connection, copy: str, books: rows.Books) -> None:
    text = _SIGN + books.written()
    connection.execute(
        sql.SQL("comment on database {} is {}").format(sql.Identifier(copy), text)
    )
