"""The client: what `databases.NAME` is in a service."""

import json
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from glassware.clients import Access, Opened


class Shelf:
    """A shelf of lines."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = (parts.hostname, parts.port)
        self._who = {"user": parts.username, "password": unquote(parts.password or "")}

    def ask(self, what: str, value: str = "") -> Any:
        """Ask the server; every question is a connection."""
        with socket.create_connection(self._place, timeout=2) as connection:
            question = {**self._who, "do": what, "value": value}
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(next(lines, '{"refused": "EOFError"}'))
        if answer.get("refused") == "PermissionError":
            raise PermissionError(answer["why"])
        if answer.get("refused") == "EOFError":
            raise ConnectionError("the shelf hung up")
        if "refused" in answer:
            raise LookupError(answer["why"])
        return answer["done"]

    def append(self, line: str) -> None:
        """Store a line."""
        self.ask("append", line)

    def all(self) -> list[str]:
        """Return every line."""
        return self.ask("all")


def access(url: str) -> Access:
    """Return the parts of a URL."""
    parts = urlsplit(url)
    return Access(
        host=parts.hostname or "",
        port=parts.port or 0,
        user=parts.username or "",
        password=unquote(parts.password or ""),
        name=parts.path.strip("/"),
        socket="",
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return a shelf; nothing is connected yet."""
    shelf = Shelf(url)
    return Opened(lambda: shelf, lambda: None, lambda: shelf.ask("ping"))


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there, or lets nobody in."""
    return isinstance(error, OSError)
