"""A token as a piece of a page: the last one that its service is asked for."""

import dataclasses
from contextvars import copy_context
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from glassware.current import incoming
from glassware.service.incoming import current_request
from glassware.website import here
from glassware.website.cache import Later
from glassware.website.fragments.cookies import own_set_cookies
from glassware.website.fragments.page import Page
from glassware.website.fragments.piece import Piece


FIELD = "/.glassware/csrf-field"
TOKEN = "/.glassware/csrf-token"  # noqa: S105 - a path


@dataclass(slots=True, kw_only=True, eq=False)
class TokenPiece(Piece):
    """A token of another service.

    It belongs to the session that the visitor has there. Who has none yet gets one
    with the page's fragments of that service, perhaps: then the token is made for
    that one, after them.

    Attributes:
        page: What it is a piece of.
        known: Whether the visitor has a session there already.
    """

    page: Page = field(repr=False)
    known: bool
    last: bool = True
    _settled: bool = False

    @property
    def is_there(self) -> bool:
        """Whether nobody has to wait for it, or for what comes before it."""
        return self._settled and not self._done.locked()

    def fetch(self, later: Later) -> None:
        """Ask for it, if nothing has to be there before; raises nothing."""
        if self.known:
            super(TokenPiece, self).fetch(later)

    def wait(self, later: Later) -> None:
        """Return when it is there, or when its time is over."""
        if self._settled or self.error is not None:
            super(TokenPiece, self).wait(later)
            return
        self._settled = True
        cookies = self._cookies(later)
        if self.known:
            super(TokenPiece, self).wait(later)
            if not cookies or self.error is not None:
                return
            # Its session has changed meanwhile: the one that holds has a token, too.
            self._done.acquire()
        copy_context().run(self._ask_with, cookies, later)
        super(TokenPiece, self).wait(later)

    @property
    def _service(self) -> str:
        return "" if self.wanted is None else self.wanted.target.service

    def _ask_with(self, cookies: str, later: Later) -> None:
        asked = current_request()
        if asked is not None and cookies:
            known = f"{asked.cookie}; {cookies}" if asked.cookie else cookies
            incoming.set(dataclasses.replace(asked, cookie=known, slot=None))
        super(TokenPiece, self).fetch(later)

    def _cookies(self, later: Later) -> str:
        """Return what the fragments of that service have set."""
        jar = SimpleCookie()
        for piece in tuple(self.page.pieces):
            if piece is self or piece.wanted is None:
                continue
            if piece.wanted.target.service != self._service:
                continue
            if not isinstance(piece, TokenPiece):
                piece.wait(later)
            said = piece.headers("Set-Cookie")
            for header in own_set_cookies(self._service, said, services()):
                _take(jar, header)
        return "; ".join(f"{name}={each.coded_value}" for name, each in jar.items())


def _take(jar: SimpleCookie, header: str) -> None:
    try:
        jar.load(header)
    except CookieError:
        return


def services() -> tuple[str, ...]:
    """Return the names of all services."""
    return tuple(here.directory().services)
