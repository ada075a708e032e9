"""The own application is asked for a fragment of its page: no call to anybody."""

import time
from collections.abc import Iterable, Mapping
from contextvars import Context
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.wrappers import Response as WerkzeugResponse

from glassware import current
from glassware.current import LocalAnswer, LocalCall
from glassware.environment import Settings
from glassware.errors import Call, CallError, UnknownService
from glassware.service import settings
from glassware.service.headers import Letterhead
from glassware.service.incoming import current_request, read_request
from glassware.service.local import Local
from glassware.service.outgoing import Outgoing
from glassware.service.response import Response
from glassware.service.transport import Request
from glassware.website import here


if TYPE_CHECKING:
    from flask import Flask


def own_way() -> LocalCall | None:
    """Return how this service's own application is asked in another thread.

    `None`: it is called as a function of the page is, in the page's thread.
    """
    member = current.members.get(settings.current().service)
    return None if member is None else member.own


def ask_own(
    call: Outgoing, app: "Flask | None", environ: Mapping[str, Any]
) -> Response:
    """Return what the own application answers.

    Args:
        call: What it is asked.
        app: The application; `None`: it is none of Flask's.
        environ: Of the request of the page.

    Raises:
        CallError: There is no answer.
    """
    known = settings.current()
    left = max(0.0, call.deadline - time.monotonic())
    request = Request(
        neighbour=known.service or "this service",
        address="",
        method="GET",
        target=call.target,
        headers=_letterhead(known).write(call, current_request(), left),
        timeout=left,
        repeatable=True,
        largest=call.largest,
        caller=known.service,
    )
    try:
        return Local(own_way() or _direct(app, environ)).send(request)
    except CallError as error:
        error.call = Call(
            caller=known.service, neighbour=known.service, method="GET", path=call.path
        )
        raise


def _letterhead(known: Settings) -> Letterhead:
    found = _letterheads.get(known.service)
    if found is None or found[0] is not known:
        found = known, Letterhead(known, known.service, "unix:")
        _letterheads[known.service] = found
    return found[1]


_letterheads: dict[str, tuple[Settings, Letterhead]] = {}


def _direct(app: "Flask | None", page: Mapping[str, Any]) -> LocalCall:
    """Return how the own application is called where no worker admits requests."""
    service = here.own_name()
    if app is None:
        raise UnknownService("an application that is none of Flask's has no fragments")

    def answer(
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        _body: bytes | None,
    ) -> LocalAnswer:
        environ = _environ(page, method, target, headers)
        context = Context()
        response = context.run(_run, app, environ, service)
        chunks = response.iter_encoded()
        return LocalAnswer(
            response.status_code, list(response.headers), chunks, response.close
        )

    return answer


def _run(app: "Flask", environ: dict[str, Any], service: str) -> WerkzeugResponse:
    current.service.set(service)
    current.incoming.set(read_request(environ, service))
    return WerkzeugResponse.from_app(app.wsgi_app, environ, buffered=True)


_SERVERS = (
    *("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SCRIPT_NAME", "REMOTE_ADDR"),
    *("HTTP_HOST", "wsgi.url_scheme", "wsgi.version", "wsgi.errors"),
    *("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
)


def _environ(
    page: Mapping[str, Any],
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    environ = {name: page[name] for name in _SERVERS if name in page}
    for name, value in headers:
        environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
    environ |= {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": BytesIO(),
    }
    return environ
