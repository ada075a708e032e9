"""An upgrade is a WebSocket's handshake and nothing else."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import connect, read
from gateway.kinds import Site


SMUGGLED = b"GET /internal/secret HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket"


class Gullible:
    """A worker that keeps its connections and reads whatever comes as requests."""

    def __init__(self, path: Path) -> None:
        self.read: list[bytes] = []
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        """End with the connection that is open."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(0.5)
                with connection, contextlib.suppress(TimeoutError):
                    while data := connection.recv(65536):
                        self.read.append(data)
                        connection.sendall(
                            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
                        )


@pytest.fixture
def gullible(folder: Path) -> Iterator[Gullible]:
    """A worker that would believe what is smuggled in."""
    worker = Gullible(folder / "gullible.sock")
    yield worker
    worker.stop()


@pytest.fixture
def fronted(site: Site, gullible: Gullible) -> EnvoySite:
    """A gateway before such a worker, all of it public but `/internal`."""
    made = site(public("front", "/", except_=("/internal/*",)))
    made.start(running("front", gullible.path))
    return made


def test_nothing_follows_a_handshake_that_was_not_answered(
    fronted: EnvoySite, gullible: Gullible
) -> None:
    """What is sent behind it waits for the service's agreement, which never comes."""
    handshake = f"GET /x HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n\r\n".encode()
    with connect(fronted.port) as connection:
        connection.sendall(handshake + SMUGGLED)
        read(connection)
        assert connection.recv(1) == b""

    assert len(gullible.read) == 1
    assert b"/internal" not in gullible.read[0]


@pytest.mark.parametrize(
    ("start", "more"),
    [
        ("POST / HTTP/1.1", f"{UPGRADE}\r\nContent-Length: 5"),
        ("POST / HTTP/1.1", f"{UPGRADE}\r\nTransfer-Encoding: chunked"),
        ("GET / HTTP/1.1", f"{UPGRADE}\r\nContent-Length: 5"),
        ("PUT / HTTP/1.1", UPGRADE),
        ("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: foo"),
        ("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket, h2c"),
    ],
)
def test_any_other_upgrade_is_refused(
    fronted: EnvoySite, gullible: Gullible, start: str, more: str
) -> None:
    """The service never sees it: it would wait for a body that is kept back."""
    with connect(fronted.port) as connection:
        connection.sendall(f"{start}\r\nHost: localhost\r\n{more}\r\n\r\n".encode())

        assert read(connection).status == 403

    assert gullible.read == []


@pytest.mark.parametrize(
    "more",
    [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA",
        "Connection: keep-alive\r\nUpgrade: websocket",
        "Upgrade: websocket",
    ],
)
def test_what_is_no_upgrade_loses_the_header(
    fronted: EnvoySite, gullible: Gullible, more: str
) -> None:
    """It is an ordinary request, and what follows it is judged as one."""
    head = f"GET / HTTP/1.1\r\nHost: localhost\r\n{more}\r\n\r\n"
    with connect(fronted.port) as connection:
        connection.sendall(head.encode() + SMUGGLED)
        answers = b""
        while b"Not found" not in answers and (part := connection.recv(65536)):
            answers += part

    assert [answers.count(b"HTTP/1.1 " + status) for status in (b"200", b"404")] == [
        1,
        1,
    ]
    assert [b"upgrade" in data.lower() for data in gullible.read] == [False]
