"""Requests to services of the same process: no socket, and nothing else left out.

The neighbour's application runs in the caller's thread, in a context of its
own. Nobody can leave it at a deadline as one leaves a socket, so the time is
looked at before it is called, by itself when it calls others, between the
parts of its answer, and after its return: what comes too late is an error.
"""

import math
import time
from collections.abc import Iterator, Sequence

from glassware.current import LocalAnswer, LocalCall
from glassware.errors import BadAnswer, DeadlineExceeded
from glassware.protocol import REFUSED

from .connection import check_encoding, too_late, unusable
from .heads import end_to_end
from .response import CLIENT_ERROR, Response
from .transport import Request


_REFUSED = REFUSED.lower()

# As libcurl sends what it does not know the length of.
_CHUNKED = ("Transfer-Encoding", "chunked")

# What libcurl reads of an answer.
_MOST_FIELDS = 5000
_LONGEST_FIELD = 100 * 1024
_LARGEST_HEAD = 300 * 1024


class Local:
    """Calls to one service of this process.

    Args:
        call: Its application.
    """

    def __init__(self, call: LocalCall) -> None:
        self._call = call

    def send(self, request: Request) -> Response:
        """Return the response to `request`; see `Transport.send`."""
        answer, deadline = self._ask(request)
        try:
            fields = _fields(answer, request, deadline)
            content = _content(answer.chunks, request, deadline)
        finally:
            answer.close()
        _check_time(request, deadline)
        return Response(request, answer.status, fields, content)

    def open(self, request: Request) -> "LocalStream":
        """Return the answer to `request` once it begins; see `Transport.open`."""
        answer, deadline = self._ask(request)
        try:
            fields = _fields(answer, request, deadline)
        except BaseException:
            answer.close()
            raise
        return LocalStream(request, answer, fields)

    def _ask(self, request: Request) -> tuple[LocalAnswer, float]:
        """Return the answer, and when all of it must be there."""
        deadline = time.monotonic() + request.timeout
        headers, body = request.headers, request.body
        if not (body is None or isinstance(body, bytes)):
            headers, body = (*headers, _CHUNKED), b"".join(body)
        answer = self._call(request.method, request.target, headers, body)
        # Who refuses has started nothing, however late the caller hears of it.
        return answer, math.inf if _is_refusal(answer) else deadline


class LocalStream:
    """An answer that is made while it is read.

    Args:
        request: What it answers.
        answer: What the application answered.
        fields: Its headers.
    """

    def __init__(
        self, request: Request, answer: LocalAnswer, fields: Sequence[tuple[str, str]]
    ) -> None:
        self.status_code = answer.status
        self.fields = fields
        self._request = request
        self._answer: LocalAnswer | None = answer
        self._size = 0

    def read(self, seconds: float) -> bytes:
        """Return the next part of the body; see `Stream.read`."""
        if self._answer is None:
            return b""
        began = time.monotonic()
        try:
            part = next(self._answer.chunks, b"")
            self._check(part, time.monotonic() - began, seconds)
        except ConnectionError as error:
            self.close()
            raise unusable(self._request, str(error), broke_off=True) from None
        except BaseException:
            self.close()
            raise
        if not part:
            self.close()
        return part

    def close(self) -> None:
        """End it, wherever it is."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    def _check(self, part: bytes, took: float, seconds: float) -> None:
        if took > seconds:
            raise DeadlineExceeded(
                f"`{self._request.neighbour}` was silent for {seconds:.3g} s within "
                f"its answer to {self._request}",
                outcome_unknown=True,
            )
        self._size += len(part)
        if self._size > self._request.largest:
            raise _too_large(self._request)


def _is_refusal(answer: LocalAnswer) -> bool:
    return answer.status >= CLIENT_ERROR and any(
        name.lower() == _REFUSED for name, _ in answer.fields
    )


def _fields(
    answer: LocalAnswer, request: Request, deadline: float
) -> list[tuple[str, str]]:
    _check_time(request, deadline)
    fields = answer.fields
    sizes = [len(value) for _, value in fields]
    if (
        len(sizes) > _MOST_FIELDS
        or max(sizes, default=0) > _LONGEST_FIELD
        or sum(sizes) > _LARGEST_HEAD
    ):
        raise unusable(request, "its head is too large")
    check_encoding(fields, request)
    return end_to_end(fields)


def _content(chunks: Iterator[bytes], request: Request, deadline: float) -> bytes:
    parts, size = [], 0
    try:
        for part in chunks:
            size += len(part)
            if size > request.largest:
                raise _too_large(request)
            _check_time(request, deadline)
            parts.append(part)
    except ConnectionError as error:
        raise unusable(request, str(error), broke_off=True) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_time(request: Request, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise too_late(request)


def _too_large(request: Request) -> BadAnswer:
    return BadAnswer(
        f"`{request.neighbour}` answered {request} with more than "
        f"{request.largest} bytes"
    )
