"""One neighbour: its ready workers and the connections kept to them."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Container

from glassware.errors import CallError, DeadlineExceeded, UnknownService

from .connection import IDLE_TIMEOUT, Connection, NotConnected
from .response import Response
from .retries import is_lost
from .suspects import Suspects
from .transport import Request
from .workers import Folder


# A worker that did not answer within less time than this may be as good as any.
_TELLING = 0.1


class Upstream:
    """The workers at one address, and the connections kept to them.

    Args:
        address: `unix:FOLDER` or `http://host:port`.

    Raises:
        UnknownService: The address is none of these.
    """

    def __init__(self, address: str) -> None:
        kind, _, path = address.partition(":")
        if kind not in {"unix", "http"}:
            raise UnknownService(
                f"`{address}` is no address of a service",
                hint="write `http://HOST:PORT`",
            )
        self._folder = Folder(path) if kind == "unix" else None
        self._ready: tuple[str, ...] = () if self._folder else (address,)
        self._lock = threading.Lock()
        self._idle: defaultdict[str, deque[Connection]] = defaultdict(deque)
        self._busy: Counter[str] = Counter()
        self._suspects = Suspects()
        self._turn = 0

    @property
    def may_return(self) -> bool:
        """Whether waiting for a worker makes sense."""
        return self._folder is None or self._folder.is_there

    def choose(self, avoiding: Container[str]) -> str | None:
        """Return the ready worker with the fewest requests of ours under way.

        One that failed just now is passed over while there are others.
        """
        with self._lock:
            ready = [worker for worker in self._list() if worker not in avoiding]
            if self._suspects:
                ready = self._suspects.without(ready)
            if len(ready) < 2:  # noqa: PLR2004 - no choice
                return ready[0] if ready else None
            self._turn = (self._turn + 1) % len(ready)
            ready = ready[self._turn :] + ready[: self._turn]
            return min(ready, key=self._busy.__getitem__)

    def exchange(self, worker: str, request: Request) -> Response:
        """Send `request` to `worker`; see `Connection.exchange`."""
        connection = self._borrow(worker, kept=request.repeatable)
        kept = connection.used > 0 and request.repeatable
        try:
            try:
                response = connection.exchange(request)
            except NotConnected:
                if not kept:
                    raise
                # It ended before anything was sent over it.
                connection.close()
                connection, kept = Connection(worker), False
                response = connection.exchange(request)
        except BaseException as error:
            connection.close()
            if not kept or isinstance(error, DeadlineExceeded):
                self.doubt(worker, error, request.timeout)
            raise
        finally:
            self.done(worker)
        self._keep(connection)
        return response

    def connect(self, worker: str) -> Connection:
        """Return a new connection; `done` says that its request has ended."""
        with self._lock:
            self._busy[worker] += 1
        return Connection(worker)

    def done(self, worker: str) -> None:
        """Take note that a request has ended."""
        with self._lock:
            self._busy[worker] -= 1

    def doubt(self, worker: str, error: BaseException, seconds: float) -> None:
        """Take note of what `worker` did in so many seconds."""
        late = isinstance(error, DeadlineExceeded)
        lost = isinstance(error, CallError) and is_lost(error)
        if lost or (late and seconds >= _TELLING):
            with self._lock:
                self._suspects.add(worker)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            idle = [c for connections in self._idle.values() for c in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _list(self) -> tuple[str, ...]:
        if self._folder is not None:
            ready = self._folder.sockets()
            if ready != self._ready:
                self._ready = ready
                for gone in [worker for worker in self._idle if worker not in ready]:
                    for connection in self._idle.pop(gone):
                        connection.close()
        return self._ready

    def _borrow(self, worker: str, *, kept: bool) -> Connection:
        with self._lock:
            self._busy[worker] += 1
            idle = self._idle[worker]
            while idle:
                connection = idle.pop()
                if not kept or connection.is_quiet():
                    return connection
                connection.close()
        return Connection(worker)

    def _keep(self, connection: Connection) -> None:
        now = connection.used = time.monotonic()
        with self._lock:
            if self._suspects:
                self._suspects.clear(connection.worker)
            if connection.worker not in self._ready:
                connection.close()
                return
            idle = self._idle[connection.worker]
            while idle and now - idle[0].used > IDLE_TIMEOUT:
                idle.popleft().close()
            idle.append(connection)
