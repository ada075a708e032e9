"""One answer of a WSGI application, from `start_response` to its last byte.

It is told in numbers and pieces that granian can send, and `group_calls` hands to
a caller in the same process.
"""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from .admission import Admitted
from .find import Application
from .refusals import AnsweredHere, Header
from .uncaught import answer_to, at_the_edge, show


Problem = tuple[type[BaseException], BaseException, TracebackType]

LOWEST_STATUS = 200
HIGHEST_STATUS = 999


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


class Reply:
    """What an application answered, ready to be sent by whoever asked.

    Args:
        done: Called when nothing of the request is under way any more.
        admitted: The request; `None`: it is refused.

    Attributes:
        status: As a number.
        headers: As granian wants them: text that it writes as UTF-8.
        body: All of it, where `stream` is `None`.
        stream: The body, piece by piece.
    """

    __slots__ = (
        *("_admitted", "_closed", "_done", "_rest", "_result"),
        *("body", "headers", "status", "stream"),
    )

    def __init__(
        self, done: Callable[[], None], admitted: Admitted | None = None
    ) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.body = b""
        self.stream: Stream | None = None
        self._result: Iterable[bytes] = ()
        self._rest: Iterator[bytes] | None = None
        self._done = done
        self._admitted = admitted
        self._closed = False

    def refuse(self, answer: AnsweredHere, method: str) -> None:
        """Answer without the application."""
        self.status, self.headers = int(answer.status), answer.headers
        self.body = b"" if method == "HEAD" else answer.body

    def fill(self, application: Application, environ: dict[str, Any]) -> None:
        """Run the application up to the first part of its body.

        Raises:
            BaseException: Whatever the application raises.
        """
        answer = Answer()
        self._result = result = application(environ, answer.start)
        chunks = _chunks(result)
        first = next(chunks, b"")
        body = b"".join(answer.written) + first if answer.written else first
        length = answer.length
        if environ["REQUEST_METHOD"] == "HEAD":
            pass
        elif not first or length == len(body):
            if length not in {-1, len(body)}:
                # Less than was declared: as a stream, which then breaks off.
                self.stream = Stream(body, chunks, self.close)
            else:
                self.body = body
                self._rest = chunks
        elif isinstance(result, (list, tuple)) and length < 0:
            self.body = body + b"".join(chunks)
        else:
            self.stream = Stream(body, chunks, self.close)
        self.status, self.headers = _head(answer)
        # From here on an error cannot be told to whoever asked.
        answer.sent = True

    def fail(self, error: BaseException) -> None:
        """Answer that the application has failed."""
        status, headers, self.body = answer_to(error)
        self.status, self.headers = int(status), headers
        self.stream, self._rest = None, None

    def end(self) -> None:
        """Run what the application does after its answer, and close it."""
        if self._rest is not None:
            try:
                next(self._rest, None)
            except BaseException as error:  # noqa: BLE001 - the answer is out
                show(error)
        self.close()

    def close(self) -> None:
        """Close the application's body; the first call counts."""
        if self._closed:
            return
        self._closed = True
        try:
            getattr(self._result, "close", _nothing)()
        except BaseException as error:  # noqa: BLE001 - the answer is out
            show(error)
        finally:
            if self._admitted is not None:
                self._admitted.leave()
            self._done()


def _head(answer: Answer) -> tuple[int, list[Header]]:
    if not answer.status:
        raise RuntimeError("the application never called `start_response`")
    settled, headers = at_the_edge(answer.status, answer.headers)
    return int(settled or answer.status), [
        (name, value if value.isascii() else _on_the_wire(value))
        for name, value in headers
    ]


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


def _on_the_wire(value: str) -> str:
    """Return the text that granian, which writes UTF-8, makes the right bytes of."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
