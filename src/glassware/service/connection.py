"""One connection to one worker, held by one libcurl handle.

What libcurl does by itself and what is switched off decides whether a request
can be lost or done twice, so all of it is here:

- It would send a request again when a connection *that it used before* ends
  without a byte of an answer: any request, a `POST` too (`Curl_retry_request`).
  For that it needs another connection; and a handle that has had one is not
  given a second (`_sealed`). So what is sent is sent once, and whoever decides
  about retries knows of each.
- What is not safe to repeat gets a new connection all the same: on a kept one
  it could fail for no better reason than that the worker was idle for too long.
- It looks whether a kept connection is still open at most once a second, and
  takes whatever lies in it for the next answer. So `is_quiet` looks first.
- It reads proxies from variables, waits for `100 Continue`, removes `/../`:
  none of these here.
"""

import math
import select
import time
from collections.abc import Iterable, Iterator

import pycurl

from glassware.errors import BadAnswer, CallError, DeadlineExceeded, Unavailable

from .heads import end_to_end, header_lines, read_head
from .response import Response
from .transport import Request


CONNECT_TIMEOUT = 5.0

# Workers close idle connections too; whoever is first avoids the race.
IDLE_TIMEOUT = 15

_UNREACHED = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST})
_BEFORE_SENDING = frozenset({pycurl.E_OPERATION_TIMEDOUT, pycurl.E_SEND_ERROR})
_CUT = frozenset(
    {
        pycurl.E_COULDNT_CONNECT,
        pycurl.E_GOT_NOTHING,
        pycurl.E_PARTIAL_FILE,
        pycurl.E_RECV_ERROR,
        pycurl.E_SEND_ERROR,
    }
)


class NotConnected(Exception):  # a finding, not a fault
    """The worker was not reached, so nothing was sent to it."""


class Connection:
    """A connection to one worker, made at its first request.

    It carries one request at a time, and must be closed after any error.

    Args:
        worker: The path of its unix socket, or `http://host:port`.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.used = 0.0
        self.curl = pycurl.Curl()
        self.lines: list[bytes] = []
        self.chunks: list[bytes] = []
        self._socket = "" if worker.startswith("http://") else worker
        self._origin = "http://localhost" if self._socket else worker.rstrip("/")
        self._poll: select.poll | None = None
        self._sealed = False
        self._largest = -1
        self._size = 0
        self._reader: _Reader | None = None
        self._prepare()

    def exchange(self, request: Request) -> Response:
        """Send `request` and return its response.

        Raises:
            NotConnected: The worker could not be reached.
            CallError: There is no answer; see `Transport.send`.
        """
        self.begin(request)
        curl = self.curl
        curl.setopt(pycurl.TIMEOUT_MS, math.ceil(request.timeout * 1000))
        try:
            curl.perform()
        except pycurl.error as error:
            raise self.explain(error.args[0], error.args[1], request) from None
        response = self._take_response(request)
        if not self._sealed:
            self._watch(curl.getinfo(pycurl.ACTIVESOCKET))
        if request.method != "GET" or request.body is not None:
            curl.reset()
            self._prepare()
            self._reader = None
        return response

    def begin(self, request: Request) -> None:
        """Tell libcurl everything of `request` but its time limit."""
        curl = self.curl
        curl.setopt(pycurl.URL, self._origin + request.target)
        curl.setopt(pycurl.HTTPHEADER, header_lines(request))
        if request.largest != self._largest:
            self._largest = request.largest
            curl.setopt(pycurl.MAXFILESIZE_LARGE, request.largest)
        if request.method != "GET" or request.body is not None:
            self._set_method(request)
        sealed = self.used > 0 and request.repeatable
        if sealed != self._sealed:
            self._sealed = sealed
            curl.setopt(pycurl.OPENSOCKETFUNCTION, _refuse if sealed else None)
        if self.used and not sealed:
            curl.setopt(pycurl.FRESH_CONNECT, 1)

    def is_quiet(self) -> bool:
        """Whether the kept connection is open and has nothing to say."""
        if self._poll is None or time.monotonic() - self.used > IDLE_TIMEOUT:
            return False
        return not self._poll.poll(0)

    def close(self) -> None:
        """Close the connection."""
        self.curl.close()

    def explain(self, code: int, text: str, request: Request) -> Exception:
        """Return what libcurl's error says of `request`."""
        begun, too_large = bool(self.lines), self._size > self._largest
        self._forget()
        if self._reader is not None and self._reader.error is not None:
            return self._reader.error
        sent = self.curl.getinfo(pycurl.REQUEST_SIZE)
        if not sent and code in _UNREACHED | _BEFORE_SENDING:
            return NotConnected(text)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return too_late(request)
        if code == pycurl.E_FILESIZE_EXCEEDED or too_large:
            return BadAnswer(
                f"`{request.neighbour}` answered {request} with more than "
                f"{request.largest} bytes"
            )
        if code in _CUT and not begun:
            return Unavailable(
                f"`{request.neighbour}` closed the connection before it answered "
                f"{request}",
                outcome_unknown=True,
            )
        return unusable(request, text, broke_off=code in _CUT)

    def _watch(self, descriptor: int) -> None:
        self._poll = None
        if descriptor >= 0:
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

    def _prepare(self) -> None:
        curl = self.curl
        if self._socket:
            curl.setopt(pycurl.UNIX_SOCKET_PATH, self._socket)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.NOPROXY, "*")
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.MAXCONNECTS, 1)
        # Its age is looked at in `is_quiet`.
        curl.setopt(pycurl.MAXAGE_CONN, 10 * IDLE_TIMEOUT)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(CONNECT_TIMEOUT * 1000))
        curl.setopt(pycurl.BUFFERSIZE, 65536)
        curl.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_chunk)
        self._sealed = False
        self._largest = -1

    def _set_method(self, request: Request) -> None:
        curl = self.curl
        if request.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        else:
            curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        if isinstance(request.body, bytes):
            curl.setopt(pycurl.POSTFIELDS, request.body)
        elif request.body is not None:
            self._reader = _Reader(request.body)
            curl.setopt(pycurl.UPLOAD, 1)
            curl.setopt(pycurl.READFUNCTION, self._reader.read)

    def _take_chunk(self, chunk: bytes) -> int:
        self._size += len(chunk)
        if self._size > self._largest:
            return 0
        self.chunks.append(chunk)
        return len(chunk)

    def _take_response(self, request: Request) -> Response:
        content = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        fields = take_head(self.lines, request)
        self._forget()
        return Response(
            request, self.curl.getinfo(pycurl.RESPONSE_CODE), fields, content
        )

    def _forget(self) -> None:
        self.lines.clear()
        self.chunks.clear()
        self._size = 0


class _Reader:
    """Hands a body over to libcurl in the sizes that it wants."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self.error: Exception | None = None
        self._parts: Iterator[bytes] = iter(body)
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes | int:
        """Return up to `size` bytes; nothing at the end."""
        try:
            while not self._rest:
                self._rest = memoryview(next(self._parts))
        except StopIteration:
            return b""
        except Exception as error:  # noqa: BLE001 - libcurl would print and lose it
            self.error = error
            return int(pycurl.READFUNC_ABORT)
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)


def take_head(lines: list[bytes], request: Request) -> list[tuple[str, str]]:
    """Return the fields of the answer.

    Raises:
        BadAnswer: They break off, or say that the body is encoded.
    """
    fields, whole = read_head(lines)
    if not whole:
        raise unusable(request, "it ends within its headers", broke_off=True)
    check_encoding(fields, request)
    return end_to_end(fields)


def check_encoding(fields: Iterable[tuple[str, str]], request: Request) -> None:
    """See that the body is what it says, and nothing that has to be inflated.

    Raises:
        BadAnswer: It is encoded.
    """
    for name, value in fields:
        if name.lower() == "content-encoding" and value.lower() != "identity":
            raise BadAnswer(
                f"`{request.neighbour}` answered {request} with the content "
                f"encoding `{value}`, though `identity` was asked for"
            )


def unusable(request: Request, why: str, *, broke_off: bool = False) -> CallError:
    """Return the error for an answer that cannot be read to its end."""
    return BadAnswer(
        f"the answer of `{request.neighbour}` to {request} is unusable: {why}",
        outcome_unknown=broke_off,
    )


def too_late(request: Request) -> CallError:
    """Return the error for an answer that did not come in time."""
    return DeadlineExceeded(
        f"`{request.neighbour}` did not answer {request} within "
        f"{request.timeout:.3g} s",
        outcome_unknown=True,
    )


def _refuse(purpose: int, address: object) -> int:
    return int(pycurl.SOCKET_BAD)
