"""The body of a request as PEP 3333 wants `wsgi.input` to be.

granian's own object reads whole lines only, forgets what it has buffered when
it is asked for everything, and takes a client that went away for the end of
the body. This one asks it for blocks alone, and knows where the end is.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol


BLOCK = 65_536


class Source(Protocol):
    """What granian gives as `wsgi.input`."""

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes; fewer only at the end."""


class _Raw(io.RawIOBase):
    """Blocks of `source`, at most `length` bytes of it.

    Args:
        source: Where they come from.
        length: As the request says; `None`: chunked, the source knows the end.
    """

    def __init__(self, source: Source, length: int | None) -> None:
        super().__init__()
        self._source = source
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer) if self._left is None else min(len(buffer), self._left)
        if wanted == 0:
            return 0
        data = self._source.read(wanted)
        buffer[: len(data)] = data
        if self._left is not None:
            if len(data) < wanted:
                raise ConnectionAbortedError("the client went away within its request")
            self._left -= len(data)
        return len(data)


def arrival_of(body: io.BufferedIOBase) -> Callable[[], object] | None:
    """Return what waits for the first `BLOCK` of a body; `None`: there is no body."""
    if not isinstance(body, io.BufferedReader):
        return None

    def arrive() -> None:
        # Whoever reads it is told of it then.
        with suppress(ConnectionAbortedError):
            body.peek()

    return arrive


def body_of(environ: dict[str, Any]) -> io.BufferedIOBase:
    """Return the stream for `wsgi.input`, and say in `environ` that it ends.

    Raises:
        ValueError: `CONTENT_LENGTH` is no number.
    """
    said = environ.get("CONTENT_LENGTH")
    if said:
        length = int(said)
        if length == 0:
            return io.BytesIO()
        return io.BufferedReader(
            _Raw(environ["wsgi.input"], length), min(length, BLOCK)
        )
    # Only where no length is known: with one, Werkzeug itself notices a short body.
    environ["wsgi.input_terminated"] = True
    if "HTTP_TRANSFER_ENCODING" not in environ:
        return io.BytesIO()
    return io.BufferedReader(_Raw(environ["wsgi.input"], None), BLOCK)
