"""Requests over HTTP/1.1 to workers on unix sockets or loopback ports."""

import threading
import time

from glassware.errors import Unavailable

from .connection import Cut, NotConnected
from .transport import Request, Response
from .upstream import Upstream


MIB = 1024 * 1024

# How often to look whether a neighbour that restarts is back.
_PAUSE = 0.01


class Wire:
    """Kept connections to every worker of every neighbour.

    Args:
        limit: The most requests under way to one neighbour.
        largest: The most bytes that an answer's body may have.
    """

    def __init__(self, *, limit: int = 64, largest: int = 64 * MIB) -> None:
        self._limit = limit
        self._largest = largest
        self._lock = threading.Lock()
        self._upstreams: dict[str, Upstream] = {}

    def send(self, request: Request) -> Response:
        """Return the response to `request`; see `Transport.send`.

        Nothing is sent twice, except `GET`, `HEAD` and `OPTIONS`: once more,
        where the connection ended without a byte of an answer.
        """
        deadline = time.monotonic() + request.timeout
        upstream = self._upstream(request.address)
        upstream.enter(request)
        try:
            return _send(upstream, request, deadline)
        finally:
            upstream.leave()

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            upstreams, self._upstreams = self._upstreams, {}
        for upstream in upstreams.values():
            upstream.close()

    def _upstream(self, address: str) -> Upstream:
        with self._lock:
            upstream = self._upstreams.get(address)
            if upstream is None:
                upstream = Upstream(address, self._limit, self._largest)
                self._upstreams[address] = upstream
            return upstream


def _send(upstream: Upstream, request: Request, deadline: float) -> Response:
    give_up = min(time.monotonic() + request.hold, deadline)
    may_repeat = request.is_safe
    unreachable: set[str] = set()
    reason = "none of its workers is ready"
    while True:
        worker = upstream.choose(unreachable)
        left = deadline - time.monotonic()
        if worker is None or left <= 0:
            if not upstream.may_return:
                raise _not_reached(request, "it does not run")
            if time.monotonic() >= give_up:
                raise _not_reached(request, reason)
            time.sleep(_PAUSE)
            unreachable.clear()
            continue
        try:
            return upstream.exchange(worker, request, left)
        except NotConnected as error:
            unreachable.add(worker)
            reason = str(error)
        except Cut as cut:
            if cut.repeated or not may_repeat:
                raise _cut(request) from None
            may_repeat = False


def _not_reached(request: Request, reason: str) -> Unavailable:
    if request.hold:
        hint = f"`glassware logs {request.neighbour}` shows what it said"
    else:
        hint = f"is it running at `{request.address}`?"
    return Unavailable(
        f"`{request.neighbour}` was not reached for {request}: {reason}", hint=hint
    )


def _cut(request: Request) -> Unavailable:
    hint = None
    if not request.is_safe:
        hint = "it was sent once, and may have been carried out"
    return Unavailable(
        f"`{request.neighbour}` closed the connection before it answered {request}",
        hint=hint,
    )
