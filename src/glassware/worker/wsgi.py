"""PEP 3333 over granian's protocol object: a request becomes a `Reply`.

granian's own adapter copies the process's variables into every request,
ignores `write()`, and loses errors that come after the first byte; so it is
not used.
"""

import sys
from collections.abc import Callable
from typing import Any, Protocol

from .address import write_address
from .admission import Admission
from .body import arrival_of, body_of
from .drain import Traffic
from .find import Application
from .refusals import AnsweredHere, Header
from .reply import Reply
from .uncaught import show


class GranianProtocol(Protocol):
    """What granian gives to answer with."""

    def response_bytes(
        self, status: int, headers: list[Header], body: bytes, /
    ) -> None:
        """Answer with a whole body."""

    def response_iter(self, status: int, headers: list[Header], body: Any, /) -> None:
        """Answer with what `body.__next__` returns until it stops."""


class Answering:
    """An application, as every request reaches it, whoever brings it.

    Args:
        application: A WSGI application.
        mounts: The service's public prefixes, the principal one first.
        traffic: Told of each request.
        admission: Decides which requests reach it, and when.
    """

    def __init__(
        self,
        application: Application,
        mounts: tuple[str, ...],
        traffic: Traffic,
        admission: Admission,
    ) -> None:
        self._application = application
        self._mounts = mounts
        self._traffic = traffic
        self._admission = admission
        self._always = {
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "SERVER_SOFTWARE": "glassware",
        }

    def reply(self, environ: dict[str, Any]) -> Reply:
        """Return the answer to a request; call its `end` or `close` afterwards.

        Args:
            environ: As granian makes it.
        """
        counted = self._traffic.enter()
        try:
            environ["wsgi.input"] = body = body_of(environ)
            admitted = self._admission.enter(environ, arrive=arrival_of(body))
        except AnsweredHere as answer:
            reply = Reply(lambda: self._traffic.leave(counted))
            reply.refuse(answer, environ["REQUEST_METHOD"])
            return reply
        reply = Reply(lambda: self._traffic.leave(counted), admitted)
        try:
            environ.update(self._always)
            if ";" in (cookies := environ.get("HTTP_COOKIE", "")):
                environ["HTTP_COOKIE"] = "; ".join(map(str.strip, cookies.split(";")))
            write_address(environ, self._mounts)
            reply.fill(self._application, environ)
            if reply.stream is not None:
                admitted.begins(reply.headers)
        except BaseException as error:  # noqa: BLE001 - it becomes an answer
            show(error)
            reply.fail(error)
        return reply


def granian_callback(
    answering: Answering, traffic: Traffic
) -> Callable[[GranianProtocol, dict[str, Any]], None]:
    """Return what granian's WSGI worker calls for each request."""

    def callback(protocol: GranianProtocol, environ: dict[str, Any]) -> None:
        reply = answering.reply(environ)
        try:
            headers = _closing(reply.headers, traffic)
            if reply.stream is None:
                protocol.response_bytes(reply.status, headers, reply.body)
            else:
                protocol.response_iter(reply.status, headers, reply.stream)
            reply.end()
        except BaseException as error:  # noqa: BLE001 - the thread serves on
            show(error)
        finally:
            reply.close()

    return callback


def _closing(headers: list[Header], traffic: Traffic) -> list[Header]:
    if not traffic.closing:
        return headers
    kept = [(name, value) for name, value in headers if name.lower() != "connection"]
    return [*kept, ("Connection", "close")]
