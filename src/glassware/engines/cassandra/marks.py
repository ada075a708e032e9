"""The state that tests of a keyspace go back to.

Cassandra has neither transactions nor copies, and emptying a table takes long.
So what is there is read and compared with what was, both as bytes; the
partitions that differ are deleted and written anew, which for the data of tests
is a matter of milliseconds.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from cassandra import DriverException
from cassandra.cluster import NoHostAvailable, Session
from cassandra.protocol import ErrorMessage

from glassware.engines import Grant
from glassware.errors import EngineError

from .partitions import State, Tables, read_raw
from .schema import Schema, schema_of
from .server import Server, open_cluster
from .users import keyspace_of


IDLE = 3.0
"""Seconds after which a session that nobody uses is closed."""

_FAILURES = (DriverException, NoHostAvailable, ErrorMessage)

_T = TypeVar("_T")


class Marks:
    """What was marked in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[str, _Marked] = {}

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a keyspace now."""
        with self._lock:
            marked = self._servers.setdefault(_key(admin_url), _Marked(admin_url))
            marked.mark(grant)

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a keyspace back to what it was.

        Raises:
            EngineError: Nothing was marked, or the server refuses.
        """
        with self._lock:
            marked = self._servers.get(_key(admin_url))
            if marked is None or not marked.knows(grant):
                raise EngineError(
                    f"nothing was marked in the keyspace `{keyspace_of(grant)}`"
                )
            marked.rewind(grant)

    def forget(self, admin_url: str, grant: Grant) -> None:
        """Forget what was marked, and close what is open for it."""
        with self._lock:
            if (marked := self._servers.get(_key(admin_url))) is not None:
                marked.forget(grant)


class _Marked:
    """The marks of one server, and a session that is open while they are used."""

    def __init__(self, admin_url: str) -> None:
        self._server = Server.parse(admin_url)
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._tables: dict[str, Tables] = {}
        self._states: dict[str, tuple[Schema, State]] = {}
        self._timer: threading.Timer | None = None

    def knows(self, grant: Grant) -> bool:
        return keyspace_of(grant) in self._states

    def mark(self, grant: Grant) -> None:
        self._states[keyspace_of(grant)] = self._work(
            grant, lambda session: self._read(session, keyspace_of(grant))
        )

    def rewind(self, grant: Grant) -> None:
        self._work(grant, lambda session: self._rewind(session, keyspace_of(grant)))

    def forget(self, grant: Grant) -> None:
        self._states.pop(keyspace_of(grant), None)
        with self._lock:
            self._close()

    def _read(self, session: Session, keyspace: str) -> tuple[Schema, State]:
        schema = schema_of(session, keyspace)
        schema.define(session)
        tables = self._tables[keyspace] = Tables(session, keyspace, schema)
        return schema, tables.read()

    def _rewind(self, session: Session, keyspace: str) -> None:
        marked, state = self._states[keyspace]
        tables = self._tables.get(keyspace)
        if tables is None:
            tables = self._tables[keyspace] = Tables(session, keyspace, marked)
        # What is there is asked for before it is known that the tables are, too.
        asked = tables.ask()
        now = schema_of(session, keyspace)
        if now.rows != marked.rows:
            with suppress(*_FAILURES):
                tables.answers(asked)
            self._tables.pop(keyspace)
            marked.restore(session, now)
            self._states[keyspace] = (marked, state)
            tables = self._tables[keyspace] = Tables(session, keyspace, marked)
            asked = tables.ask()
        tables.restore(tables.answers(asked), state)

    def _work(self, grant: Grant, work: Callable[[Session], _T]) -> _T:
        """Work with a session; with another one, if it was of no use any more."""
        with self._lock, self._told(grant):
            try:
                with self._opened() as session:
                    return work(session)
            except _FAILURES:
                self._close()
                with self._opened() as session:
                    return work(session)

    @contextmanager
    def _told(self, grant: Grant) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            self._close()
            raise self._server.refusal(error, grant.password) from None

    @contextmanager
    def _opened(self) -> Iterator[Session]:
        if self._timer is not None:
            self._timer.cancel()
        if self._session is None:
            cluster = open_cluster(self._server.address)
            try:
                self._session = cluster.connect()
            except BaseException:
                cluster.shutdown()
                raise
            read_raw(self._session)
        yield self._session
        self._timer = threading.Timer(IDLE, self._close_idle)
        self._timer.daemon = True
        self._timer.start()

    def _close_idle(self) -> None:
        # Whoever holds it uses the session, and sets the next alarm.
        if self._lock.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._lock.release()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        session, self._session = self._session, None
        self._tables.clear()
        if session is not None:
            session.cluster.shutdown()


marks = Marks()


def _key(admin_url: str) -> str:
    # With another password of its administrator it is the same server.
    address = Server.parse(admin_url).address
    return repr(address.hosts)
