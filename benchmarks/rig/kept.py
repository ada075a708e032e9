"""A kept connection that costs the asker next to nothing."""

import select
import socket
import time


class Kept:
    """One HTTP/1.1 connection to a loopback port.

    Reading an answer with `http.client` takes longer than some pages take to
    make; this looks for the body's length and nothing else.

    Args:
        port: Of the server.
    """

    def __init__(self, port: int) -> None:
        self._host = f"localhost:{port}"
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def ask(self, path: str) -> tuple[float, bytes]:
        """Return the seconds that a page took, and its body."""
        if self._socket is None or _ended(self._socket):
            self.close()
            self._socket = socket.create_connection(self._address, timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()
        began = time.perf_counter()
        self._socket.sendall(head)
        said, end = b"", -1
        while end < 0 or len(said) < end:
            more = self._socket.recv(262_144)
            if not more:
                raise ConnectionError(f"{path} was cut off: {said[:200]!r}")
            said += more
            if end < 0:
                end = _end(said)
        took = time.perf_counter() - began
        head, _, body = said.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"{path} answered {said[:500]!r}")
        if b"connection: close" in head.lower():
            self.close()
        return took, body

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _ended(connection: socket.socket) -> bool:
    """Whether the server has closed a connection that was idle for too long."""
    # Nothing else is heard between two requests.
    return bool(select.select([connection], [], [], 0)[0])


def _end(said: bytes) -> int:
    """Return where the answer ends; -1 while its head is not there."""
    head, found, _ = said.partition(b"\r\n\r\n")
    if not found:
        return -1
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + 4 + int(line.partition(b":")[2])
    raise ValueError(f"an answer of unknown length: {head!r}")
