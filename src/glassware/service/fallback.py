"""What a caller goes on with when a neighbour has no answer for it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from glassware.errors import CallError

from .encoding import encode_json
from .response import Response
from .transport import Request


log = logging.getLogger("glassware.calls")

_SILENCE = 60.0


class Fallback:
    """A value that stands in for the answer of a neighbour.

    Args:
        value: Bytes and text as they are, everything else as JSON.

    Raises:
        TypeError: The value is none that JSON has.
        ValueError: Likewise.
    """

    def __init__(self, value: Any) -> None:
        if isinstance(value, bytes):
            self._content, self._kind = value, "application/octet-stream"
        elif isinstance(value, str):
            self._content, self._kind = value.encode(), "text/plain; charset=utf-8"
        else:
            self._content, self._kind = encode_json(value), "application/json"

    def response(self, neighbour: str, target: str, error: CallError) -> Response:
        """Return the response to go on with after `error`."""
        call = error.call
        _told(call.caller, neighbour, error)
        request = Request(
            neighbour=neighbour,
            address="",
            method=call.method,
            target=target,
            headers=(),
            timeout=0.0,
            caller=call.caller,
        )
        return Response(
            request,
            200,
            (("Content-Type", self._kind), ("Content-Length", str(len(self._content)))),
            self._content,
            call.attempts,
            call.seconds,
            error,
        )


class _Quiet:
    """Says at most once in a while that something happens to a neighbour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def __call__(self, caller: str, neighbour: str, error: CallError) -> None:
        now = self._clock()
        before = self._said.get((caller, neighbour))
        if before is not None and now - before < _SILENCE:
            return
        self._said[caller, neighbour] = now
        log.warning("going on without `%s`: %s", neighbour, error)


_told = _Quiet()
