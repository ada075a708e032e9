"""PEP 3333 over granian's protocol object.

granian's own adapter copies the process's variables into every request,
ignores `write()`, and loses errors that come after the first byte; so it is
not used.
"""

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol

from .address import place
from .body import body_of
from .drain import Traffic
from .find import Application


Header = tuple[str, str]
Problem = tuple[type[BaseException], BaseException, TracebackType]

LOWEST_STATUS = 200
HIGHEST_STATUS = 999

_ERROR = b"Internal Server Error\n"
_ERROR_HEADERS = [("Content-Type", "text/plain; charset=utf-8")]


class Protocol_(Protocol):  # noqa: N801 - `Protocol` is taken
    """What granian gives to answer with."""

    def response_bytes(
        self, status: int, headers: list[Header], body: bytes, /
    ) -> None:
        """Answer with a whole body."""

    def response_iter(self, status: int, headers: list[Header], body: Any, /) -> None:
        """Answer with what `body.__next__` returns until it stops."""


class Answer:
    """One answer while it is made: `start` is its `start_response`.

    Attributes:
        status: As a number; 0 until it is known.
        headers: As the application gave them.
        written: What `write()` was given.
        sent: Whether the headers are on their way.
    """

    __slots__ = ("headers", "sent", "status", "written")

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.written: list[bytes] = []
        self.sent = False

    def start(
        self, status: str, headers: list[Header], exc_info: Problem | None = None
    ) -> Callable[[bytes], None]:
        """Take the status and headers, or replace them after an error."""
        if exc_info is not None:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise RuntimeError("`start_response` was called twice without `exc_info`")
        code = int(status[:3])
        if not LOWEST_STATUS <= code <= HIGHEST_STATUS:
            raise ValueError(f"the status `{status}` cannot be sent")
        self.status = code
        self.headers = list(headers)
        return self.written.append

    @property
    def length(self) -> int:
        """The `Content-Length` that the application declared; -1: none."""
        for name, value in self.headers:
            if name.lower() == "content-length":
                return int(value) if value.isdecimal() else -1
        return -1


class Stream:
    """The rest of an answer, as granian reads it."""

    __slots__ = ("_close", "_first", "_next")

    def __init__(
        self, first: bytes, chunks: Iterator[bytes], close: Callable[[], None]
    ) -> None:
        self._first = first
        self._next = chunks.__next__
        self._close = close

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return self._next()
        except StopIteration:
            raise
        except BaseException as error:  # noqa: BLE001 - granian would hide it
            show(error)
            raise StopIteration from None

    def close(self) -> None:
        """Called once by granian, at the end or when the client has gone."""
        self._close()


def granian_callback(
    application: Application, mounts: tuple[str, ...], traffic: Traffic
) -> Callable[[Protocol_, dict[str, Any]], None]:
    """Return what granian's WSGI worker calls for each request."""
    always = {
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "SERVER_SOFTWARE": "glassware",
    }

    def callback(protocol: Protocol_, environ: dict[str, Any]) -> None:
        token = traffic.enter()
        answer = Answer()
        try:
            environ.update(always)
            environ["wsgi.input"] = body_of(environ)
            if ";" in (cookies := environ.get("HTTP_COOKIE", "")):
                environ["HTTP_COOKIE"] = "; ".join(map(str.strip, cookies.split(";")))
            place(environ, mounts)
            _respond(application, environ, answer, _Sender(protocol, answer, traffic))
        except BaseException as error:  # noqa: BLE001 - the thread serves on
            show(error)
            if not answer.sent:
                protocol.response_bytes(500, _closing(_ERROR_HEADERS, traffic), _ERROR)
        finally:
            traffic.leave(token)

    return callback


class _Sender:
    """Sends the head of an answer with a whole body or with a stream."""

    __slots__ = ("_answer", "_protocol", "_traffic")

    def __init__(self, protocol: Protocol_, answer: Answer, traffic: Traffic) -> None:
        self._protocol = protocol
        self._answer = answer
        self._traffic = traffic

    def whole(self, body: bytes) -> None:
        status, headers = self._head()
        self._protocol.response_bytes(status, headers, body)

    def stream(self, stream: Stream) -> None:
        status, headers = self._head()
        self._protocol.response_iter(status, headers, stream)

    def _head(self) -> tuple[int, list[Header]]:
        answer = self._answer
        if not answer.status:
            raise RuntimeError("the application never called `start_response`")
        answer.sent = True
        headers = [
            (name, value if value.isascii() else _on_the_wire(value))
            for name, value in answer.headers
        ]
        return answer.status, _closing(headers, self._traffic)


def _respond(
    application: Application, environ: dict[str, Any], answer: Answer, send: _Sender
) -> None:
    result: Iterable[bytes] = application(environ, answer.start)
    closed = False

    def close() -> None:
        nonlocal closed
        if not closed:
            closed = True
            getattr(result, "close", _nothing)()

    def close_and_show() -> None:
        try:
            close()
        except BaseException as error:  # noqa: BLE001 - the answer is out
            show(error)

    try:
        chunks = _chunks(result)
        first = next(chunks, b"")
        body = b"".join(answer.written) + first if answer.written else first
        if environ["REQUEST_METHOD"] == "HEAD":
            send.whole(b"")
        elif not first or answer.length == len(body):
            if answer.length not in {-1, len(body)}:
                # Less than was declared: as a stream, which then breaks off.
                send.stream(Stream(body, chunks, close_and_show))
            else:
                send.whole(body)
                next(chunks, None)
        elif isinstance(result, (list, tuple)) and answer.length < 0:
            send.whole(body + b"".join(chunks))
        else:
            send.stream(Stream(body, chunks, close_and_show))
    finally:
        close()


def _nothing() -> None:
    pass


def _chunks(result: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in result:
        if chunk:
            yield chunk if type(chunk) is bytes else _as_bytes(chunk)


def _as_bytes(chunk: Any) -> bytes:
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(
        f"a body is made of `bytes`, and this one has a `{type(chunk).__name__}`"
    )


def _closing(headers: list[Header], traffic: Traffic) -> list[Header]:
    if not traffic.closing:
        return headers
    kept = [(name, value) for name, value in headers if name.lower() != "connection"]
    return [*kept, ("Connection", "close")]


def show(error: BaseException) -> None:
    """Write a traceback to stderr in one piece, so that its lines stay together."""
    text = "".join(traceback.format_exception(error))
    sys.stderr.write(text)
    sys.stderr.flush()


def _on_the_wire(value: str) -> str:
    """Return the text that granian, which writes UTF-8, makes the right bytes of."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
