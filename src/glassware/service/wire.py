"""Requests over HTTP/1.1 to workers on unix sockets or loopback ports."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from glassware.errors import Unavailable

from .connection import NotConnected
from .flow import Flow
from .response import Response
from .transport import Request
from .upstream import Upstream


T = TypeVar("T")

# How often to look whether a neighbour that restarts is back.
_PAUSE = 0.01


class Wire:
    """Kept connections to every worker of every neighbour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._upstreams: dict[str, Upstream] = {}

    def send(self, request: Request) -> Response:
        """Return the response to `request`; see `Transport.send`."""
        upstream = self._upstream(request.address)
        return _reach(upstream, request, upstream.exchange)

    def open(self, request: Request) -> Flow:
        """Return the answer to `request` once it begins; see `Transport.open`."""
        upstream = self._upstream(request.address)
        return _reach(
            upstream, request, lambda worker, asked: Flow(upstream, worker, asked)
        )

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            upstreams, self._upstreams = self._upstreams, {}
        for upstream in upstreams.values():
            upstream.close()

    def _upstream(self, address: str) -> Upstream:
        upstream = self._upstreams.get(address)
        if upstream is None:
            with self._lock:
                upstream = self._upstreams.setdefault(address, Upstream(address))
        return upstream


def _reach(
    upstream: Upstream, request: Request, exchange: Callable[[str, Request], T]
) -> T:
    """Return what the first worker that can be reached has to say.

    Until one is reached nothing is sent, so looking for one loads nobody.
    """
    now = time.monotonic()
    deadline = now + request.timeout
    give_up = now + min(request.hold, request.timeout)
    unreachable: set[str] = set()
    reason = "none of its workers is ready"
    while True:
        worker = upstream.choose(unreachable)
        if worker is not None and request.timeout > 0:
            try:
                return exchange(worker, request)
            except NotConnected as error:
                unreachable.add(worker)
                reason = str(error)
        else:
            if not upstream.may_return:
                raise _not_reached(request, "it does not run")
            if time.monotonic() >= give_up:
                raise _not_reached(request, reason)
            time.sleep(_PAUSE)
            unreachable.clear()
        request.timeout = deadline - time.monotonic()


def _not_reached(request: Request, reason: str) -> Unavailable:
    if request.hold or request.address.startswith("unix:"):
        hint = f"`glassware logs {request.neighbour}` shows what it said"
    else:
        hint = f"is it running at `{request.address}`?"
    return Unavailable(
        f"`{request.neighbour}` was not reached for {request}: {reason}", hint=hint
    )
