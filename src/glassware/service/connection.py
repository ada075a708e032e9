"""One connection to one worker, held by one libcurl handle.

What libcurl does by itself and what is switched off decides whether a request
can be lost or done twice, so all of it is here:

- It sends a request again when a connection *that it used before* ends without
  a byte of an answer: any request, a `POST` too (`Curl_retry_request`). So
  whatever is not safe to repeat always gets a connection of its own.
- It looks whether a kept connection is still open at most once a second, and
  takes whatever lies in it for the next answer. So `is_quiet` looks first.
- It reads proxies from variables, waits for `100 Continue`, removes `/../`:
  none of these here.
"""

import math
import select

import pycurl

from glassware.errors import BadAnswer, DeadlineExceeded

from .transport import Request, Response


CONNECT_TIMEOUT = 5.0

# Workers close idle connections too; whoever is first avoids the race.
IDLE_TIMEOUT = 15

_UNREACHED = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST})
_BEFORE_SENDING = frozenset({pycurl.E_OPERATION_TIMEDOUT, pycurl.E_SEND_ERROR})
_BLANK = (b"\r\n", b"\n")
_INTERIM = (b"", b"1")
_CUT = frozenset({pycurl.E_GOT_NOTHING, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR})


class NotConnected(Exception):  # a finding, not a fault
    """The worker was not reached, so nothing was sent to it."""


class Cut(Exception):  # likewise
    """The connection ended without a byte of an answer.

    Args:
        repeated: Whether libcurl had sent the request a second time by then.
    """

    def __init__(self, *, repeated: bool) -> None:
        super().__init__()
        self.repeated = repeated


class Connection:
    """A connection to one worker, made at its first request.

    It carries one request at a time, and must be closed after any error.

    Args:
        worker: The path of its unix socket, or `http://host:port`.
        largest: The most bytes that an answer's body may have.
    """

    def __init__(self, worker: str, largest: int) -> None:
        self.worker = worker
        self.used = 0.0
        self._socket = "" if worker.startswith("http://") else worker
        self._origin = "http://localhost" if self._socket else worker.rstrip("/")
        self._descriptor = -1
        self._largest = largest
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._curl = pycurl.Curl()
        self._prepare()

    def exchange(self, request: Request, seconds: float) -> Response:
        """Send `request` and return its response.

        Raises:
            NotConnected: The worker could not be reached.
            Cut: It ended the connection without a byte of an answer.
            DeadlineExceeded: There was no whole answer within `seconds`.
            BadAnswer: The answer cannot be used.
        """
        curl = self._curl
        curl.setopt(pycurl.URL, self._origin + request.target)
        curl.setopt(pycurl.HTTPHEADER, _header_lines(request))
        curl.setopt(pycurl.TIMEOUT_MS, math.ceil(seconds * 1000))
        plain = request.method == "GET" and request.body is None
        if not plain:
            self._set_method(request)
        try:
            curl.perform()
        except pycurl.error as error:
            raise self._explain(error, request) from None
        response = self._take_response(request)
        self._descriptor = curl.getinfo(pycurl.ACTIVESOCKET)
        if not plain:
            curl.reset()
            self._prepare()
        return response

    def is_quiet(self) -> bool:
        """Whether the kept connection is open and has nothing to say."""
        if self._descriptor < 0:
            return False
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Close the connection."""
        self._curl.close()

    def _prepare(self) -> None:
        curl = self._curl
        if self._socket:
            curl.setopt(pycurl.UNIX_SOCKET_PATH, self._socket)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.NOPROXY, "*")
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.MAXCONNECTS, 1)
        curl.setopt(pycurl.MAXAGE_CONN, IDLE_TIMEOUT)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(CONNECT_TIMEOUT * 1000))
        curl.setopt(pycurl.MAXFILESIZE_LARGE, self._largest)
        curl.setopt(pycurl.BUFFERSIZE, 65536)
        curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_chunk)

    def _set_method(self, request: Request) -> None:
        curl = self._curl
        if request.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        else:
            curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        if request.body is not None:
            curl.setopt(pycurl.POSTFIELDS, request.body)
        if not request.is_safe:
            curl.setopt(pycurl.FRESH_CONNECT, 1)

    def _take_chunk(self, chunk: bytes) -> int:
        self._size += len(chunk)
        if self._size > self._largest:
            return 0
        self._chunks.append(chunk)
        return len(chunk)

    def _take_response(self, request: Request) -> Response:
        content = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        fields, whole = _fields(self._lines)
        self._forget()
        if not whole:
            raise BadAnswer(
                f"the answer of `{request.neighbour}` to {request} is unusable: "
                "it ends within its headers"
            )
        for name, value in fields:
            if name.lower() == "content-encoding" and value.lower() != "identity":
                raise BadAnswer(
                    f"`{request.neighbour}` answered {request} with the content "
                    f"encoding `{value}`, though `identity` was asked for"
                )
        status = self._curl.getinfo(pycurl.RESPONSE_CODE)
        return Response(request, status, fields, content)

    def _forget(self) -> None:
        self._lines.clear()
        self._chunks.clear()
        self._size = 0

    def _explain(self, error: pycurl.error, request: Request) -> Exception:
        code, text = error.args
        begun, too_large = bool(self._lines), self._size > self._largest
        self._forget()
        name = f"`{request.neighbour}`"
        sent = self._curl.getinfo(pycurl.REQUEST_SIZE)
        if code in _UNREACHED or (code in _BEFORE_SENDING and not sent):
            return NotConnected(text)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return DeadlineExceeded(
                f"{name} did not answer {request} within {request.timeout:g} s"
            )
        if code == pycurl.E_FILESIZE_EXCEEDED or too_large:
            return BadAnswer(
                f"{name} answered {request} with more than {self._largest} bytes"
            )
        if code in _CUT and not begun:
            return Cut(repeated=self.used > 0 and request.is_safe)
        return BadAnswer(f"the answer of {name} to {request} is unusable: {text}")


def _header_lines(request: Request) -> list[str]:
    # libcurl reads `Name:` as "leave it out" and `Name;` as "send it empty".
    lines = [
        f"{name}: {value}" if value.strip() else f"{name};"
        for name, value in request.headers
    ]
    if request.body is not None:
        lines.append("Expect:")
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            lines.append("Content-Type:")
    return lines


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    """Return the fields of the final response, and whether their end was seen.

    The blocks before it are 1xx, the lines after it are trailers.
    """
    fields: list[tuple[str, str]] = []
    status, ended = b"", True
    for line in lines:
        if ended and status[:1] not in _INTERIM:
            break
        if ended:
            fields, ended = [], False
            status = line.partition(b" ")[2]
        elif line in _BLANK:
            ended = True
        else:
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                fields.append((name, value.strip()))
    return fields, ended
