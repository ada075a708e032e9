"""A small HTTP server on a unix socket, in which every mistake can be made."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the header of that name, however it is spelled."""
        return {key.lower(): value for key, value in self.headers}.get(name.lower())


Serve = Callable[[socket.socket], None]


class Worker:
    """A server that hands each connection to `serve`, in a thread of its own."""

    def __init__(
        self,
        address: Path | None,
        serve: Serve,
        backlog: int = 128,
        begin: threading.Event | None = None,
    ) -> None:
        self.path = address
        self.accepted = 0
        self._serve = serve
        self._begin = begin
        self._open: set[socket.socket] = set()
        self._begun: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        if address is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(address))
        else:
            self._listener = socket.socket(socket.AF_INET)
            self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(backlog)
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """Its address, where it listens on a port."""
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}"

    def retire(self) -> None:
        """Stop as a good worker does: what has connected is still answered."""
        self._listener.shutdown(socket.SHUT_RD)
        self._acceptor.join()
        with self._lock:
            for connection in self._begun & self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def kill(self) -> None:
        """Stop as a crash does: every connection ends at once."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._listener.fileno() >= 0:
            self.kill()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        if self._begin is not None:
            self._begin.wait(30)
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with self._lock:
                self._open.add(connection)
            thread = threading.Thread(target=self._run, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(1, socket.MSG_PEEK)
            with self._lock:
                self._begun.add(connection)
            self._serve(connection)
        with self._lock:
            self._open.discard(connection)


def read(connection: socket.socket) -> Iterator[Asked]:
    """Return the requests of one connection until its end."""
    with connection.makefile("rb") as file:
        while line := file.readline().decode().strip():
            method, target, _ = line.split(" ")
            headers = []
            while field_line := file.readline().decode("latin-1").strip():
                name, _, value = field_line.partition(":")
                headers.append((name, value.strip()))
            asked = Asked(method, target, headers)
            body = _body(file, asked)
            if body is None:
                return
            yield Asked(method, target, headers, body)


def _body(file: BinaryIO, asked: Asked) -> bytes | None:
    """Return the body of a request; `None`: it broke off."""
    if asked.header("Transfer-Encoding") != "chunked":
        return file.read(int(asked.header("Content-Length") or 0))
    body = b""
    while line := file.readline().strip():
        size = int(line, 16)
        body += file.read(size)
        file.readline()
        if size == 0:
            return body
    return None


def answer(
    body: bytes = b"", status: str = "200 OK", headers: tuple[str, ...] = ()
) -> bytes:
    """Return a whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def answering(make: Callable[[Asked], bytes]) -> Serve:
    """Return a server of kept connections that answers with what `make` makes."""

    def serve(connection: socket.socket) -> None:
        for asked in read(connection):
            connection.sendall(make(asked))

    return serve
