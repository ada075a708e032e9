"""Which files of migrations a database of SQLite's has seen."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from glassware.engines import Script
from glassware.engines.scripts import TABLE, failed
from glassware.engines.statements import SQLITE, Statement, split


_MAKE = f"""
    create table if not exists {TABLE} (
        name text primary key, digest text not null, applied_at text not null
    )"""
_TRANSACTIONS = {"BEGIN", "COMMIT", "END", "ROLLBACK"}


class FileLedger:
    """The `Ledger` of one file; each script is a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.isolation_level = None
        self._database = database

    def applied(self) -> Mapping[str, str]:
        """Return the digests of the files that were applied, by their names."""
        self._database.execute(_MAKE)
        return dict(self._database.execute(f"select name, digest from {TABLE}"))  # noqa: S608 - a constant

    def apply(self, script: Script, digest: str) -> None:
        """Apply one file and record its name and digest, both or none."""
        database = self._database
        database.execute("begin immediate")
        try:
            for statement in split(script.text, SQLITE):
                self._carry_out(script, statement)
            database.execute(
                f"insert into {TABLE} values (?, ?, ?)",  # noqa: S608 - a constant
                (script.path.name, digest, datetime.now(UTC).isoformat()),
            )
            database.execute("commit")
        except BaseException:
            if database.in_transaction:
                database.execute("rollback")
            raise

    def _carry_out(self, script: Script, statement: Statement) -> None:
        if statement.text.split(maxsplit=1)[0].upper() in _TRANSACTIONS:
            hint = "leave it out: each file is one transaction"
            raise failed(script, statement, "a transaction within one", hint=hint)
        try:
            # Rows that nobody reads would keep the transaction from its end.
            self._database.execute(statement.text).fetchall()
        except sqlite3.Error as error:
            raise failed(script, statement, str(error)) from error
