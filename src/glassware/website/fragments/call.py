"""A fragment is asked for: of a neighbour by a call, or of the own application."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassware.current import Incoming
from glassware.errors import UnknownService
from glassware.service.edge import edge_to
from glassware.service.incoming import current_request
from glassware.service.outgoing import Outgoing
from glassware.service.response import SERVER_ERROR
from glassware.service.visits import found_of
from glassware.website import here
from glassware.website.cache import FragmentAnswer, FragmentRequest

from .cookies import cookies_for
from .own import ask_own, own_way
from .target import Target


if TYPE_CHECKING:
    from flask import Flask

LARGEST = 256 * 1024
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
            response = ask_own(call, self.app, self.environ)
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
