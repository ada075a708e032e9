"""Whole databases of SQLite's, copied while others read and write them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from glassware.errors import EngineError


PATIENCE = 5.0
"""Seconds that somebody else may take for a transaction."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for a copy, which a test begins with: a power cut may take it."""
    url = f"file:{quote(str(path))}"
    with closing(sqlite3.connect(url, uri=True, timeout=PATIENCE)) as connection:
        connection.isolation_level = None
        connection.execute("pragma synchronous = off")
        yield connection


def copied(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make one database what another one is, in one transaction.

    Connections of others stay good, and see the new one from then on.

    Raises:
        EngineError: Somebody else's transaction does not end.
    """
    source.backup(target, progress=_check)


def _check(status: int, remaining: int, total: int) -> None:
    # Without this, it would be tried for ever.
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise EngineError(
            "a transaction that was begun and not ended keeps the database locked",
            hint="commit it, or roll it back, where the request ends",
        )
