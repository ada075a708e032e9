"""Files of migrations for PostgreSQL: each in a transaction with its own record.

A file goes to the server whole, so that its own parser finds the statements;
`statements` only tells which of them an error is about. A file whose first line
is `-- no transaction` is sent statement by statement, each for itself.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence

import psycopg
from psycopg import errors, pq
from psycopg.generators import execute

from glassware.engines import Access, Script, addresses
from glassware.engines.scripts import TABLE, carry_out, failed
from glassware.engines.statements import POSTGRESQL, Statement, at, line_of, split
from glassware.errors import EngineError, TaskFailed


Connection = psycopg.Connection[tuple[object, ...]]

LOCKED_FOR = 30.0
"""Seconds that a statement waits for a lock of somebody else."""

_NOTICES_LOSS = 140_000
_TURN = 7_130_562
_ASK_EVERY = 0.05
_TRANSACTION = re.compile(
    r"(begin|start\s+transaction|commit|end|abort|prepare\s+transaction"
    r"|rollback(?!\s+(work\s+|transaction\s+)?to\b))\b",
    re.IGNORECASE,
)
_NO_TRANSACTION = re.compile(r"\s*--\s*no transaction\s*(\n|\Z)", re.IGNORECASE)

_DONE = "what stands before it was done: let the file be one that can run again"
_MAKE = """
create table if not exists glassware_migrations (
    name text primary key,
    digest text not null,
    applied_at timestamptz not null default now()
)
"""
_RECORD = "insert into glassware_migrations (name, digest) values (%s, %s)"
_ALL = "select name, digest from glassware_migrations"
_TURNS = "select pg_try_advisory_lock(%s)"
_COPIES = {pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH}


def apply(
    access: Access, scripts: Sequence[Script], tell: Callable[[str], None]
) -> None:
    """Apply those of `scripts` that a database has not seen; see `Engine.apply`."""
    try:
        with psycopg.connect(
            access.native_url,
            autocommit=True,
            connect_timeout=5,
            client_encoding="utf8",
        ) as connection:
            _take_turns(connection)
            carry_out(scripts, _Ledger(connection), tell)
    except psycopg.Error as error:
        raise EngineError(
            "the migrations did not reach the database: "
            + addresses.hidden(str(error).strip(), access.password)
        ) from None


def _take_turns(connection: Connection) -> None:
    """Wait until nobody else migrates this database."""
    # Who waited within a statement would hold up `create index concurrently`.
    while connection.execute(_TURNS, [_TURN]).fetchone() != (True,):
        time.sleep(_ASK_EVERY)


class _Ledger:
    """What a database has seen, in a table of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def applied(self) -> Mapping[str, str]:
        """Return the digests of the files that were applied, by their names."""
        there = self._connection.execute("select to_regclass(%s)", [TABLE]).fetchone()
        if there == (None,):
            self._connection.execute(_MAKE)
        return {
            str(name): str(digest) for name, digest in self._connection.execute(_ALL)
        }

    def apply(self, script: Script, digest: str) -> None:
        """Apply one file and record it."""
        statements = split(script.text, POSTGRESQL)
        if _is_alone(script):
            for statement in statements:
                _run(self._connection, script, [statement], statement.text)
            self._begin_anew()
            self._connection.execute(_RECORD, [script.path.name, digest])
            return
        for statement in statements:
            if _TRANSACTION.match(statement.text):
                raise failed(
                    script,
                    statement,
                    "the file is a transaction of its own already",
                    hint="leave it out, or write `-- no transaction` as first line",
                )
        self._begin_anew()
        with self._connection.transaction():
            # First of all, because afterwards other schemas may be searched.
            self._connection.execute(_RECORD, [script.path.name, digest])
            _run(self._connection, script, statements, script.text)

    def _begin_anew(self) -> None:
        """Forget what a file has set for the session."""
        self._connection.execute("reset all")
        if self._connection.info.server_version >= _NOTICES_LOSS:
            # So that it stops soon after whoever migrates was killed.
            self._connection.execute("set client_connection_check_interval = '1s'")
        self._connection.execute(f"set lock_timeout = '{LOCKED_FOR:.0f}s'".encode())


def _run(
    connection: Connection, script: Script, statements: Sequence[Statement], text: str
) -> None:
    """Send statements at once and wait for each result."""
    pgconn = connection.pgconn
    pgconn.send_query(text.encode())
    results = connection.wait(execute(pgconn))
    for number, result in enumerate(results):
        if result.status == pq.ExecStatus.FATAL_ERROR:
            error = errors.error_from_result(result)
            if pgconn.status != pq.ConnStatus.OK:
                raise error
            raise _about(script, error, statements, number) from None
        if result.status in _COPIES:
            connection.close()
            raise failed(
                script,
                statements[number] if number < len(statements) else None,
                "there is nobody here to copy from or to",
                hint="write `insert` in its place",
            )


def _about(
    script: Script, error: psycopg.Error, sent: Sequence[Statement], number: int
) -> TaskFailed:
    """Return the error of a file of whose statements the server refused one."""
    reasons = (error.diag.message_primary, error.diag.message_detail)
    statement = sent[number] if number < len(sent) else None
    line = None
    if error.diag.statement_position is not None:
        # A mistake in the grammar is found before the first statement is done.
        offset = sent[0].start if len(sent) == 1 and _is_alone(script) else 0
        place = offset + int(error.diag.statement_position) - 1
        statement, line = at(sent, place), line_of(script.text, place)
    hints = (_way_out(error), _DONE if _is_alone(script) else None)
    return failed(
        script,
        statement,
        ": ".join(filter(None, reasons)) or str(error),
        line=line,
        hint="; ".join(filter(None, hints)) or None,
    )


def _is_alone(script: Script) -> bool:
    """Tell whether each statement of a file is to run for itself."""
    return _NO_TRANSACTION.match(script.text) is not None


def _way_out(error: psycopg.Error) -> str | None:
    if isinstance(error, errors.ActiveSqlTransaction):
        return "write `-- no transaction` as the first line of a file of its own"
    if isinstance(error, errors.LockNotAvailable):
        return (
            "another connection has locked it: end what runs there, or let the file "
            "wait longer with `set lock_timeout`"
        )
    return error.diag.message_hint
