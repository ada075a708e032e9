"""ASGI around an application: each request's admission, address and end."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from glassware.protocol import (
    DEADLINE,
    FRAGMENT,
    IDENTITY,
    ONWARD,
    OURS,
    RENEW,
    RETRY,
    TRACE,
    VIA,
    VISITOR,
)

from .address import address_of
from .admission import CALLER, Admission, Admitted, admission_of
from .asgi_answers import Receive, Scope, Send, Sending
from .drain import Traffic
from .find import Application
from .job import Job
from .refusals import AnsweredHere
from .renewal import aside, without_renewal
from .slots import Slots
from .uncaught import show


PLACES = 256
"""Requests that are open at once: those that wait take no thread."""

_OURS = OURS.lower().encode()

# What is read of a request here, by the names that it has in WSGI.
_READ = {
    name.lower().encode(): "HTTP_" + name.upper().replace("-", "_")
    for name in (
        "Host",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "Prefer",
        "Cookie",
        *(IDENTITY, DEADLINE, VIA, RETRY, VISITOR, FRAGMENT, TRACE),
        *ONWARD,
    )
}


def asgi_admission_of(job: Job) -> Admission:
    """Return the admission of an ASGI service: it has places, and no slots."""
    return admission_of(job, Slots(PLACES, PLACES))


def admitting(
    application: Application,
    mounts: tuple[str, ...],
    traffic: Traffic,
    admission: Admission,
    state: dict[str, Any] | None = None,
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return `application` with each request admitted, addressed and counted."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        sending = Sending(send, traffic)
        token = traffic.enter()
        try:
            if scope["type"] == "http" and scope["path"].startswith(RENEW):
                # It may run code of the application that waits for a database.
                await aside(admission.enter, _environ_of(scope))
            with _admitted(admission, scope, mounts) as sending.admitted:
                if state is not None:
                    scope["state"] = state.copy()
                await application(scope, receive, sending)
        except AnsweredHere as answer:
            await sending.refuse(scope, answer)
        except Exception as error:  # noqa: BLE001 - it becomes an answer
            show(error)
            await sending.fail(scope, error)
        finally:
            traffic.leave(token)

    return called


@contextmanager
def _admitted(
    admission: Admission, scope: Scope, mounts: tuple[str, ...]
) -> Iterator[Admitted]:
    """Admit the request of `scope`, and let it go when the context ends.

    Raises:
        AnsweredHere: It does not reach the application.
    """
    socket = scope["type"] == "websocket"
    environ = _environ_of(scope)
    admitted = admission.enter(environ, counted=not socket)
    # Whoever waits here keeps nobody from running.
    admitted.incoming.slot = None
    try:
        scope["headers"] = list(_headers(scope))
        scope[CALLER] = environ[CALLER]
        _write_address(scope, environ, mounts)
        yield admitted
    finally:
        admitted.leave()


def _environ_of(scope: Scope) -> dict[str, Any]:
    environ: dict[str, Any] = {}
    for name, value in scope["headers"]:
        if (key := _READ.get(name)) is not None:
            # Cookies alone may come in several lines.
            before = f"{environ[key]}; " if key in environ and name == b"cookie" else ""
            environ[key] = before + value.decode("latin-1")
    socket = scope["type"] == "websocket"
    environ["REQUEST_METHOD"] = "GET" if socket else scope["method"]
    environ["PATH_INFO"] = scope["path"]
    return environ


def _headers(scope: Scope) -> Iterator[tuple[bytes, bytes]]:
    for name, value in scope["headers"]:
        if name == b"cookie":
            kept, _ = without_renewal(value.decode("latin-1"))
            if kept:
                yield name, kept.encode("latin-1")
        elif not name.startswith(_OURS):
            yield name, value


def _write_address(
    scope: Scope, environ: dict[str, Any], mounts: tuple[str, ...]
) -> None:
    peer = (scope.get("client") or ("",))[0]
    address = address_of(environ, scope["path"], mounts, "" if "/" in peer else peer)
    secure = address.scheme == "https"
    socket = scope["type"] == "websocket"
    scope["scheme"] = ("wss" if secure else "ws") if socket else address.scheme
    scope["client"] = (address.client, 0)
    scope["server"] = (address.host, int(address.port))
    scope["root_path"] = address.root
    # The path of a scope has its root in front; a neighbour's call comes without.
    if scope["path"] == address.path and address.root:
        scope["path"] = address.root + address.path
        if scope.get("raw_path"):
            scope["raw_path"] = quote(address.root).encode() + scope["raw_path"]
