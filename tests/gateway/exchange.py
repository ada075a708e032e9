"""Raw HTTP/1.1 over a socket, so that tests can say what no client would."""

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back; `status` 0: the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body as data."""
        return json.loads(self.body)


CLOSED = Answer(0, {}, b"")


def connect(
    port: int,
    host: str = "127.0.0.1",
    *,
    seconds: float = 8,
    source: tuple[str, int] | None = None,
) -> socket.socket:
    """Return a connection to the gateway."""
    return socket.create_connection((host, port), seconds, source)


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """Return the next answer on `connection`."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
    except (http.client.HTTPException, ConnectionError):
        return CLOSED
    finally:
        response.close()


def raw(port: int, data: bytes, host: str = "127.0.0.1") -> Answer:
    """Send `data` as it is and return the first answer."""
    with connect(port, host) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        return read(connection)


def ask(
    port: int,
    target: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    host: str = "127.0.0.1",
    seconds: float = 8,
) -> Answer:
    """Send one ordinary request and return its answer."""
    with connect(port, host, seconds=seconds) as connection:
        connection.sendall(request(target, method, headers, body))
        return read(connection, method)


def request(
    target: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> bytes:
    """Return the bytes of an ordinary request."""
    given = {"Host": "localhost", **(headers or {})}
    if body and "Transfer-Encoding" not in given:
        given.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
