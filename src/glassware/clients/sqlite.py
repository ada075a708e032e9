"""SQLite: a connection for each thread."""

import sqlite3
import threading
from contextlib import closing
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakSet

from . import Access, Opened


PATIENCE = 5.0
SIGN_OF_LIFE = 2.0

# Full, locked for too long, or the file is out of reach.
_LOST = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY),
}


def access(url: str) -> Access:
    """Return the parts of a URL: the path of a file is the name of a database."""
    return Access(
        host="",
        port=0,
        user="",
        password="",
        name=unquote(urlsplit(url).path.removeprefix("/")),
        socket="",
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return connections that wait a little for others who write."""
    path = access(url)["name"]
    connections = _Connections(path)
    return Opened(connections.get, connections.close, lambda: _ping(path))


def is_lost(error: BaseException) -> bool:
    """Tell whether the file is out of reach, or no more is to be had of it."""
    # Of the extended code, the part that every version knows.
    code = getattr(error, "sqlite_errorcode", None) or 0
    return isinstance(error, sqlite3.OperationalError) and code & 0xFF in _LOST


class _Held:
    """The connection of one thread, which is closed with its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class _Connections:
    def __init__(self, path: str) -> None:
        self._path = path
        self._own = threading.local()
        self._held: WeakSet[_Held] = WeakSet()

    def get(self) -> sqlite3.Connection:
        """Return the connection of the thread that asks."""
        try:
            held: _Held = self._own.held
        except AttributeError:
            held = self._own.held = _Held(self._connect())
            self._held.add(held)
        return held.connection

    def close(self) -> None:
        """Close the connections of every thread."""
        for held in tuple(self._held):
            held.connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=PATIENCE,
            # Only so that another thread may close it.
            check_same_thread=False,
        )
        try:
            connection.execute("pragma journal_mode = wal")
        except BaseException:
            connection.close()
            raise
        return connection


def _ping(path: str) -> None:
    url = f"file:{quote(path)}?mode=rw"
    with closing(sqlite3.connect(url, uri=True, timeout=SIGN_OF_LIFE)) as connection:
        connection.execute("select count(*) from sqlite_master").fetchone()
