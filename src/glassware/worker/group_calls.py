"""Calls that stay in this process: what granian does for a request, without granian.

A neighbour in the same process is called as it is called from outside: the
same `environ` goes through the same `Answering` (admission, address, errors),
in a context of its own, and the answer's head is what granian would have made
of it. Only sockets and threads are left out, so this file knows what granian
and hyper do between a socket and a callback, and nothing of applications.
"""

import io
import re
import time
from collections.abc import Iterator
from contextvars import Context
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from glassware import current

from .admission import CALLER
from .refusals import Header, too_deep
from .reply import Reply, Stream
from .wsgi import Answering


_WITHOUT_BODY = frozenset({204, 304})
_WITHOUT_LENGTH = 204

# What hyper reads of a request.
_LONGEST_TARGET = 65_534
_MOST_HEADERS = 100
_LARGEST_HEAD = 425_984

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


DEEPEST = 25
"""Services that a request may have come through: all of them share one stack."""


class BrokenOff(ConnectionError):
    """The body of an answer is shorter than its head says."""


class MemberCall:
    """Calls to one service of this process; see `current.LocalCall`.

    Args:
        name: The service's.
        answering: Its application.
    """

    def __init__(self, name: str, answering: Answering) -> None:
        self._name = name
        self._answering = answering

    def __call__(
        self,
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes | None,
    ) -> current.LocalAnswer:
        """Return its answer to a request, as a server would have sent it."""
        if status := _too_large(target, headers, body):
            head = [("content-length", "0"), ("date", _date(int(time.time())))]
            return current.LocalAnswer(status, head, iter(()), _nothing)
        asked = current.incoming.get()
        if asked is not None and len(asked.via) >= DEEPEST:
            return self._refuse(method)
        environ = environ_of(method, target, headers, body)
        environ[CALLER] = current.service.get()
        context = Context()
        reply = context.run(self._reply, environ)
        return current.LocalAnswer(
            status=reply.status,
            fields=fields_of(reply, method),
            chunks=_chunks(reply, method, context),
            close=lambda: context.run(reply.end),
        )

    def _refuse(self, method: str) -> current.LocalAnswer:
        reply = Reply(_nothing)
        reply.refuse(too_deep(self._name, DEEPEST), method)
        chunks = iter((reply.body,) if reply.body else ())
        return current.LocalAnswer(
            reply.status, fields_of(reply, method), chunks, _nothing
        )

    def _reply(self, environ: dict[str, Any]) -> Reply:
        current.service.set(self._name)
        return self._answering.reply(environ)


def _too_large(
    target: str, headers: tuple[tuple[str, str], ...], body: bytes | None
) -> int:
    """Return what hyper itself answers to a head that is too large; 0: it is not."""
    if len(target) > _LONGEST_TARGET:
        return 414
    if len(headers) + (body is not None) > _MOST_HEADERS:
        return 431
    size = sum([len(value) for _, value in headers])
    return 431 if size > _LARGEST_HEAD else 0


def environ_of(
    method: str,
    target: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes | None,
) -> dict[str, Any]:
    """Return what granian makes of a request that comes over a unix socket."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(path, "latin-1") if "%" in path else path,
        "QUERY_STRING": query,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
    }
    for name, value in headers:
        key = _key(name)
        read = value.strip(" \t")
        if key in environ:
            read = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + read
        environ[key] = read
    if body is not None and "HTTP_TRANSFER_ENCODING" not in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def fields_of(reply: Reply, method: str) -> list[Header]:
    """Return the head of an answer as it would have come from the socket."""
    status = reply.status
    grouped: dict[str, list[str]] = {}
    for name, value in reply.headers:
        lower = _lower(name)
        if lower and (value.isprintable() or not _CONTROL.search(value)):
            grouped.setdefault(lower, []).append(_as_read(value))
    grouped.setdefault("server", ["granian"])
    if status == _WITHOUT_LENGTH:
        grouped.pop("content-length", None)
    elif length := grouped.get("content-length"):
        del length[1:]
    elif _is_measured(reply, method) and "transfer-encoding" not in grouped:
        grouped["content-length"] = [str(len(reply.body))]
    grouped.setdefault("date", [_date(int(time.time()))])
    return [(name, value) for name, values in grouped.items() for value in values]


def _is_measured(reply: Reply, method: str) -> bool:
    """Whether hyper itself states the length of the body."""
    whole = reply.stream is None and method != "HEAD"
    return whole and reply.status not in _WITHOUT_BODY


def _chunks(reply: Reply, method: str, context: Context) -> Iterator[bytes]:
    if method == "HEAD" or reply.status in _WITHOUT_BODY:
        return iter(())
    declared = _declared(reply)
    if reply.stream is not None:
        pieces = _run(reply.stream, context)
    else:
        pieces = iter((reply.body,) if reply.body else ())
        if declared == len(reply.body):
            return pieces
    return pieces if declared is None else _so_long(pieces, declared)


def _run(stream: Stream, context: Context) -> Iterator[bytes]:
    while chunk := context.run(next, stream, b""):
        yield chunk


def _so_long(pieces: Iterator[bytes], left: int) -> Iterator[bytes]:
    """Return at most what was declared: more is not sent, less breaks off."""
    for chunk in pieces:
        if left > 0:
            yield chunk[:left]
        left -= len(chunk)
    if left > 0:
        raise BrokenOff(f"{left} bytes of it are missing")


def _declared(reply: Reply) -> int | None:
    for name, value in reply.headers:
        if name.lower() == "content-length":
            return int(value) if value.isdecimal() else None
    return None


def _nothing() -> None:
    pass


@lru_cache(256)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


@lru_cache(256)
def _lower(name: str) -> str:
    """Return how a header's name is sent; empty: it is none."""
    return name.lower() if _NAME.fullmatch(name) else ""


def _as_read(value: str) -> str:
    """Return text that granian writes as UTF-8 as a client reads it."""
    text = value if value.isascii() else value.encode().decode("latin-1")
    return text.strip()


@lru_cache(2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
