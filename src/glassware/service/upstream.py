"""One neighbour: its ready workers and the connections kept to them."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Container

from glassware.errors import Unavailable, UnknownService

from .connection import IDLE_TIMEOUT, Connection
from .transport import Request, Response
from .workers import Folder


class Upstream:
    """The workers at one address, and the connections kept to them.

    Args:
        address: `unix:FOLDER` or `http://host:port`.
        limit: The most requests under way at once.
        largest: The most bytes that an answer's body may have.

    Raises:
        UnknownService: The address is none of these.
    """

    def __init__(self, address: str, limit: int, largest: int) -> None:
        kind, _, path = address.partition(":")
        if kind not in {"unix", "http"}:
            raise UnknownService(
                f"`{address}` is no address of a service",
                hint="write `http://HOST:PORT`",
            )
        self._folder = Folder(path) if kind == "unix" else None
        self._ready: tuple[str, ...] = () if self._folder else (address,)
        self._limit = limit
        self._largest = largest
        self._places = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: defaultdict[str, deque[Connection]] = defaultdict(deque)
        self._busy: Counter[str] = Counter()
        self._turn = 0

    @property
    def may_return(self) -> bool:
        """Whether waiting for a worker makes sense."""
        return self._folder is None or self._folder.is_there

    def enter(self, request: Request) -> None:
        """Wait for one of the places; `leave` gives it back.

        Raises:
            Unavailable: None became free within the request's time limit.
        """
        if not self._places.acquire(timeout=request.timeout):
            raise Unavailable(
                f"`{request.neighbour}` was not asked {request}: {self._limit} calls "
                f"to it were under way and none ended within {request.timeout:g} s"
            )

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()

    def choose(self, avoiding: Container[str]) -> str | None:
        """Return the ready worker with the fewest requests of ours under way."""
        with self._lock:
            ready = [worker for worker in self._list() if worker not in avoiding]
            if not ready:
                return None
            self._turn = (self._turn + 1) % len(ready)
            ready = ready[self._turn :] + ready[: self._turn]
            return min(ready, key=self._busy.__getitem__)

    def exchange(self, worker: str, request: Request, seconds: float) -> Response:
        """Send `request` to `worker`; see `Connection.exchange`."""
        connection = self._borrow(worker, kept=request.is_safe)
        try:
            response = connection.exchange(request, seconds)
        except BaseException:
            connection.close()
            raise
        finally:
            with self._lock:
                self._busy[worker] -= 1
        self._keep(connection)
        return response

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
        return Connection(worker, self._largest)

    def _keep(self, connection: Connection) -> None:
        now = connection.used = time.monotonic()
        with self._lock:
            if connection.worker not in self._ready:
                connection.close()
                return
            idle = self._idle[connection.worker]
            while idle and now - idle[0].used > IDLE_TIMEOUT:
                idle.popleft().close()
            idle.append(connection)
