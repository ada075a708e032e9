"""An answer that is read as it comes.

libcurl works only while somebody waits for the next part, so no more of an
answer is in memory than what it takes in at once, and a slow reader slows the
neighbour down.
"""

import math
import select
import time
from collections.abc import Sequence

import pycurl

from glassware.errors import CallError, DeadlineExceeded

from .connection import Connection, take_head, too_late
from .heads import read_head
from .transport import Request
from .upstream import Upstream


_EVENTS = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}


class Flow:
    """One answer over a connection of its own, read up to the end of its head.

    Args:
        upstream: The neighbour.
        worker: The one of its workers that is asked.
        request: What it is asked.

    Raises:
        NotConnected: The worker could not be reached.
        CallError: There is no answer; see `Transport.send`.
    """

    def __init__(self, upstream: Upstream, worker: str, request: Request) -> None:
        self.status_code = 0
        self.fields: Sequence[tuple[str, str]] = ()
        self._upstream = upstream
        self._request = request
        self._connection: Connection | None = upstream.connect(worker)
        self._curl = self._connection.curl
        self._multi = pycurl.CurlMulti()
        self._poll = select.poll()
        self._alarm = math.inf
        self._ended = False
        try:
            self._begin(self._connection)
        except BaseException as error:
            upstream.doubt(worker, error, request.timeout)
            self.close()
            raise

    def read(self, seconds: float) -> bytes:
        """Return the next part of the body; see `Stream.read`."""
        if self._connection is None:
            return b""
        chunks = self._connection.chunks
        patience = time.monotonic() + seconds
        try:
            while not chunks and not self._ended:
                left = patience - time.monotonic()
                if left <= 0:
                    raise self._silent(seconds)
                self._turn(self._connection, left)
        except CallError:
            self.close()
            raise
        part = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        if not part:
            self.close()
        return part

    def close(self) -> None:
        """End it, wherever it is."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._multi.remove_handle(self._curl)
            connection.close()
            self._multi.close()
            self._upstream.done(connection.worker)

    def _begin(self, connection: Connection) -> None:
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_alarm)
        deadline = time.monotonic() + self._request.timeout
        connection.begin(self._request)
        self._multi.add_handle(self._curl)
        while not (self._ended or read_head(connection.lines)[1]):
            left = deadline - time.monotonic()
            if left <= 0:
                raise too_late(self._request)
            self._turn(connection, left)
        self.fields = take_head(connection.lines, self._request)
        self.status_code = self._curl.getinfo(pycurl.RESPONSE_CODE)

    def _turn(self, connection: Connection, seconds: float) -> None:
        """Let libcurl go on when it can, within so many seconds."""
        wait = min(seconds, max(0.0, self._alarm - time.monotonic()))
        ready = self._poll.poll(math.ceil(wait * 1000))
        for descriptor, _ in ready:
            self._multi.socket_action(descriptor, 0)
        if not ready and time.monotonic() >= self._alarm:
            self._alarm = math.inf
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        _, done, failed = self._multi.info_read()
        for _, code, text in failed:
            raise connection.explain(code, text, self._request)
        self._ended = bool(done)

    def _watch(self, what: int, descriptor: int, *_: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._poll.unregister(descriptor)
        elif what in _EVENTS:
            self._poll.register(descriptor, _EVENTS[what])

    def _set_alarm(self, milliseconds: int) -> None:
        self._alarm = (
            math.inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000
        )

    def _silent(self, seconds: float) -> CallError:
        return DeadlineExceeded(
            f"`{self._request.neighbour}` was silent for {seconds:.3g} s within its "
            f"answer to {self._request}",
            outcome_unknown=True,
        )
