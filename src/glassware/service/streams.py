"""Answers that are read as they come."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from glassware.environment import Policy
from glassware.errors import CallError

from .edge import Edge
from .incoming import current_request
from .outgoing import Outgoing, make_outgoing
from .response import Answer
from .transport import Request, Stream


# Nobody keeps it, so it may be as large as it likes.
_ENDLESS = 2**62


class Streamed(Answer):
    """What a neighbour answers, while it does.

    Attributes:
        request: What it answers.
        status_code: Such as 200.
        fields: Its headers as they came.
        attempts: How often the request was sent.
        seconds: How long it took until the answer began.
    """

    def __init__(self, edge: Edge, call: Outgoing) -> None:
        self._silence = silence = call.deadline - call.began
        self._stream: Stream | None = edge.open(call)
        self._edge = edge
        self._call = call
        self.request = Request(
            neighbour=edge.name,
            address="",
            method=call.method,
            target=call.target,
            headers=(),
            timeout=silence,
            caller=edge.settings.service,
        )
        self.status_code = self._stream.status_code
        self.fields = self._stream.fields
        self.attempts = call.attempts
        self.seconds = time.monotonic() - call.began

    def iter_bytes(self) -> Iterator[bytes]:
        """Return the parts of the body as they come, of whatever size.

        Raises:
            DeadlineExceeded: It was silent for longer than the call's `timeout`.
            BadAnswer: It broke off.
        """
        while part := self._next():
            yield part

    def close(self) -> None:
        """End it, wherever it is; the neighbour notices."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
            self._edge.places.give()

    def _next(self) -> bytes:
        if self._stream is None:
            return b""
        asked = current_request()
        slot = asked.slot if asked is not None else None
        if slot is not None:
            slot.lend()
        try:
            part = self._stream.read(self._silence)
        except CallError as error:
            error.call = self._edge.facts(self._call)
            self.close()
            raise
        finally:
            if slot is not None:
                slot.take_back()
        if not part:
            self.close()
        return part


def outgoing_stream(
    method: str, path: str, options: Mapping[str, Any], policy: Policy
) -> Outgoing:
    """Return the call that the arguments ask for; see `Neighbour.stream`.

    Raises:
        TypeError: There is no such option, or its value is of no use.
        ValueError: An argument cannot be sent.
    """
    if "fallback" in options:
        raise TypeError("an answer that is read as it comes has no `fallback`")
    call = make_outgoing(method, path, options, policy)
    if "max_answer" not in options:
        call.largest = _ENDLESS
    return call
