"""SQLite: a connection for each thread."""

import logging
import sqlite3
import threading
from contextlib import closing, suppress
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakSet

from glassware.current import Incoming, incoming

from . import Access, Opened


PATIENCE = 5.0
SIGN_OF_LIFE = 2.0

_LOG = logging.getLogger("glassware.databases")
_ROLLED_BACK = "a transaction on `%s` was not committed by `%s %s`: it is rolled back"

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
    connections = _Connections(path, name)
    return Opened(connections.get, connections.close, lambda: _ping(path))


def is_lost(error: BaseException) -> bool:
    """Tell whether the file is out of reach, or no more is to be had of it."""
    # Of the extended code, the part that every version knows.
    code = getattr(error, "sqlite_errorcode", None) or 0
    return isinstance(error, sqlite3.OperationalError) and code & 0xFF in _LOST


class _Held:
    """The connection of one thread, which is closed with its thread.

    A transaction that a request left open would keep everybody from writing,
    and the next request of the thread would commit it: it ends with its request.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.connection = connection
        self._name = name
        self._request: Incoming | None = None

    def __del__(self) -> None:
        self.connection.close()

    def belong_to(self, request: Incoming) -> None:
        """Let what is begun from now on end with a request."""
        # In a group, the thread may be within a request of this service already.
        if request is not self._request and not self.connection.in_transaction:
            self._request = request
            request.leaving.append(self._leave)

    def _leave(self) -> None:
        request, self._request = self._request, None
        # It was closed, if the worker ends.
        with suppress(sqlite3.Error):
            if self.connection.in_transaction:
                self.connection.rollback()
                self._tell(request)

    def _tell(self, request: Incoming | None) -> None:
        if request is not None:
            _LOG.warning(_ROLLED_BACK, self._name, request.method, request.path)


class _Connections:
    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name
        self._own = threading.local()
        self._held: WeakSet[_Held] = WeakSet()

    def get(self) -> sqlite3.Connection:
        """Return the connection of the thread that asks."""
        try:
            held: _Held = self._own.held
        except AttributeError:
            held = self._own.held = _Held(self._connect(), self._name)
            self._held.add(held)
        if (request := incoming.get()) is not None:
            held.belong_to(request)
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
