"""HTTP/2 over TLS, so that tests can say what no client would."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)

from gateway.encrypted import encrypted
from gateway.exchange import CLOSED, Answer


Headers = list[tuple[str, str]]

FRAME, HEAD = 16_384, 9
RESET, GOAWAY = 3, 7

_LENIENT = H2Configuration(
    client_side=True,
    header_encoding="latin-1",
    normalize_outbound_headers=False,
    validate_outbound_headers=False,
    validate_inbound_headers=False,
)


class Peer:
    """One connection of HTTP/2."""

    def __init__(self, connection: ssl.SSLSocket, port: int) -> None:
        self.socket = connection
        self.port = port
        self.state = H2Connection(config=_LENIENT)
        self.state.initiate_connection()
        self.is_open = True
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent."""
        self.raw(self.state.data_to_send())

    def raw(self, data: bytes) -> None:
        """Send frames as they are."""
        try:
            self.socket.sendall(data)
        except OSError:
            self.is_open = False

    def ask(
        self, *headers: tuple[str, str], body: bytes = b"", **pseudo: str
    ) -> Answer:
        """Send a request; `pseudo` takes the place of what begins with a colon."""
        stream = self.begin(*headers, end=not body, **pseudo)
        for start in range(0, len(body), FRAME):
            last = start + FRAME >= len(body)
            part = body[start : start + FRAME]
            self.state.send_data(stream, part, end_stream=last)
            self.flush()
        return self.answer(stream)

    def begin(self, *headers: tuple[str, str], end: bool = False, **pseudo: str) -> int:
        """Send the headers of a request and return the number of its stream."""
        usual = {
            "method": "GET",
            "scheme": "https",
            "authority": f"localhost:{self.port}",
            "path": "/x",
        }
        first = [(f":{name}", value) for name, value in {**usual, **pseudo}.items()]
        stream = self.state.get_next_available_stream_id()
        self.state.send_headers(stream, [*first, *headers], end_stream=end)
        self.flush()
        return stream

    def answer(self, stream: int) -> Answer:
        """Return the answer on a stream; `CLOSED` where there is none."""
        status, headers, body = 0, {}, b""
        for event in self.events():
            if isinstance(event, ConnectionTerminated):
                break
            if getattr(event, "stream_id", None) != stream:
                continue
            match event:
                case ResponseReceived(headers=received):
                    headers = {str(k): str(v) for k, v in received or []}
                    status = int(headers[":status"])
                case DataReceived(data=data):
                    body += data or b""
                case StreamReset():
                    return CLOSED
                case StreamEnded():
                    return Answer(status, headers, body)
        return CLOSED

    def events(self) -> Iterator[object]:
        """Return what comes, until the connection ends."""
        while self.is_open:
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.is_open = False
                return
            yield from self.state.receive_data(data)
            self.flush()

    def is_cut_off(self) -> bool:
        """Read until the gateway ends the connection, or takes back a stream."""
        came = b""
        try:
            while data := self.socket.recv(65536):
                came += data
                while len(came) >= HEAD:
                    if came[3] in {RESET, GOAWAY}:
                        return True
                    came = came[HEAD + int.from_bytes(came[:3], "big") :]
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


@contextmanager
def peer(port: int, authority: Path) -> Iterator[Peer]:
    """A connection of HTTP/2."""
    with encrypted(port, authority, "h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"
        yield Peer(connection, port)


def seen(answer: Answer) -> dict[str, object]:
    """Return what the service saw."""
    found: dict[str, object] = json.loads(answer.body)
    return found
