"""A fragment is asked for: of a neighbour by a call, of the own application directly."""

import time
from collections.abc import Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.wrappers import Response as WerkzeugResponse

from glassware import current
from glassware.current import Incoming, LocalAnswer, LocalCall
from glassware.environment import Settings
from glassware.errors import Call, CallError, UnknownService
from glassware.service import settings
from glassware.service.edge import edge_to
from glassware.service.headers import Letterhead
from glassware.service.incoming import current_request, read_request
from glassware.service.local import Local
from glassware.service.outgoing import Outgoing
from glassware.service.response import SERVER_ERROR, Response
from glassware.service.transport import Request
from glassware.service.visits import found_of
from glassware.website import here
from glassware.website.cache import FragmentAnswer, FragmentRequest

from .cookies import cookies_for
from .target import Target


if TYPE_CHECKING:
    from flask import Flask

LARGEST = 1024 * 1024
"""The most bytes that a fragment may have."""

CIRCLES = 3
"""How often a request may have come through a service that asks for a fragment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A fragment that is wanted.

    Attributes:
        app: The application that makes the page; `None`: it is none of Flask's.
        target: Where it is.
        nonce: The page's; empty: it has none.
        environ: Of the page's request.
        until: When it must be there, by `time.monotonic`.
    """

    app: "Flask | None"
    target: Target
    nonce: str = ""
    environ: dict[str, Any] = field(repr=False)
    until: float

    @property
    def is_ours(self) -> bool:
        """Whether the page's own thread has to make it."""
        return self.target.own and own_way() is None

    def request(self) -> FragmentRequest:
        """Return what is asked, as far as the answer depends on it."""
        asked = current_request() or Incoming()
        return FragmentRequest(
            caller=here.own_name(),
            service=self.target.service,
            target=self.target.path,
            headers=_varying(self.target, asked),
            visitor=_who(asked),
            nonce=self.nonce,
            origin=f"{asked.scheme}://{asked.host}" if asked.host else "",
        )

    def ask(self, request: FragmentRequest, more: Mapping[str, str]) -> FragmentAnswer:
        """Return the answer.

        Args:
            request: What `request` returned.
            more: Headers that are sent besides those of every fragment.

        Raises:
            CallError: There is none, or it is an error of the service.
        """
        _check_circle(self.target)
        call = self._call(request, more)
        if self.target.own:
            response = _ask_own(self, call)
        else:
            edge = edge_to(self.target.service)
            call.most += edge.policy.retries
            response = edge.send(call)
        if response.status_code >= SERVER_ERROR:
            response.raise_for_status()
        return FragmentAnswer(
            status=response.status_code,
            fields=tuple(response.fields),
            body=response.content,
        )

    def _call(self, request: FragmentRequest, more: Mapping[str, str]) -> Outgoing:
        given = [("Accept", "text/html"), *more.items()]
        if cookie := request.headers.get("Cookie"):
            given.append(("Cookie", cookie))
        scheme, _, host = request.origin.partition("://")
        if host:
            # Its links and redirects are for the page's own host.
            given += [("Host", host), ("X-Forwarded-Proto", scheme)]
        return Outgoing(
            method="GET",
            target=self.target.path,
            given=given,
            repeatable=True,
            largest=LARGEST,
            began=time.monotonic(),
            deadline=self.until,
        )


def _who(asked: Incoming) -> str:
    """Return for whom the answer is; empty: for anybody who has not signed in."""
    visit = found_of(asked).visit
    return "" if visit is None else f"{visit.session} {visit.user}"


def _varying(target: Target, asked: Incoming) -> dict[str, str]:
    """Return the headers that an answer may vary with."""
    found = {name: value for name, value in asked.onward if name == "Accept-Language"}
    cookie = asked.cookie
    if cookie and not target.own:
        cookie = cookies_for(target.service, cookie, here.directory().services)
    if cookie:
        found["Cookie"] = cookie
    return found


def own_way() -> LocalCall | None:
    """Return how this service's own application is asked in another thread.

    `None`: it is called as a function of the page is, in the page's thread.
    """
    member = current.members.get(settings.current().service)
    return None if member is None else member.own


def _check_circle(target: Target) -> None:
    asked = current_request()
    # Most requests come through fewer services than that, whichever they are.
    if asked is None or len(asked.via) < CIRCLES:
        return
    if asked.via.count(here.own_name()) >= CIRCLES:
        ring = " → ".join((*asked.via, here.own_name(), target.service))
        raise UnknownService(
            f"`{target.service}.{target.endpoint}` was not asked for: fragments are "
            f"within themselves: {ring}"
        )


def _ask_own(wanted: Wanted, call: Outgoing) -> Response:
    known = settings.current()
    left = max(0.0, wanted.until - time.monotonic())
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
        return Local(own_way() or _direct(wanted)).send(request)
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


def _direct(wanted: Wanted) -> LocalCall:
    """Return how the own application is called where no worker admits requests."""
    service, app = here.own_name(), wanted.app
    if app is None:
        raise UnknownService("an application that is none of Flask's has no fragments")

    def answer(
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        _body: bytes | None,
    ) -> LocalAnswer:
        environ = _environ(wanted.environ, method, target, headers)
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
    page: dict[str, Any], method: str, target: str, headers: Iterable[tuple[str, str]]
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
