"""The fragments of one page: begun as the template names them, placed at its end."""

import dataclasses
import secrets
import threading
from collections import deque
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from markupsafe import Markup

from glassware.current import Incoming, Slot, incoming
from glassware.service.incoming import current_request, trace_of
from glassware.service.pool import Pool
from glassware.service.visits import found_of

from .beginning import begin_now
from .piece import Piece
from .turns import Turns, is_near


NEEDLE = "gw-fragment-"
"""How each placeholder begins."""

_KEPT = "glassware.page"

_pool = Pool(64)


class Page:
    """A page that is being made.

    Attributes:
        token: Of its placeholders; nobody can guess it.
        pieces: Its fragments in the order in which they were begun.
        primary: The one whose status is the page's.
        nonce: Of its Content-Security-Policy; empty: it has none.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.pieces: list[Piece] = []
        self.primary: Piece | None = None
        self.nonce = ""
        self._waiting: deque[Piece] = deque()
        self._turns = Turns(_pool, self._fetch)
        self._lock = threading.Lock()
        self._refused = False
        self._slot: Slot | None = None
        self._context = copy_context()
        self._context.run(self._prepare, current_request())

    def begin(self, piece: Piece) -> Markup:
        """Begin with a fragment; return its placeholder.

        Raises:
            ValueError: It would be the second primary one.
        """
        if piece.primary:
            if self.primary is not None:
                raise ValueError(
                    f"a page has one `primary` fragment: `{self.primary.name}` and "
                    f"`{piece.name}` cannot both be it"
                )
            self.primary = piece
        if piece.error is None and not piece.is_ours:
            self._refused |= not self._start(piece)
        with self._lock:
            self.pieces.append(piece)
            number = len(self.pieces) - 1
        return Markup(f"{NEEDLE}{self.token}-{number}-")  # noqa: S704 - ours

    def wait(self, piece: Piece) -> None:
        """Return when a fragment is there, or when its time is over."""
        if piece.is_ours and not piece.begun:
            # Where one view runs at once, its author may count on that. What the page
            # and the fragments before it took is no fault of this one.
            context = self._context.copy()
            context.run(begin_now, piece)
            context.run(piece.fetch, self._later)
        if piece.is_there:
            return
        slot = self._slot
        if slot is None:
            self._wait(piece)
            return
        slot.lend()
        try:
            self._wait(piece)
        finally:
            slot.take_back()

    def _prepare(self, asked: Incoming | None) -> None:
        if asked is not None:
            # All calls below are of one trace, and there is one slot, lent once.
            trace_of(asked)
            # Likewise the visitor: verified once.
            found_of(asked)
            self._slot = asked.slot
            incoming.set(dataclasses.replace(asked, slot=None))

    def _wait(self, piece: Piece) -> None:
        # Every thread was busy, perhaps with work that waits for this.
        if not piece.begun:
            self._refused |= not self._turns.go()
        while self._refused and not piece.begun and self._help():
            pass
        piece.wait(self._later)

    def _start(self, piece: Piece) -> bool:
        """Begin with a piece; tell whether a thread comes to it by itself."""
        if is_near(piece):
            return self._turns.add(piece)
        self._waiting.append(piece)
        return _pool.start(self._work)

    def _help(self) -> bool:
        piece = self._turns.take()
        if piece is None:
            return self._work_once()
        self._fetch(piece)
        return True

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        try:
            piece = self._waiting.popleft()
        except IndexError:
            return False
        self._fetch(piece)
        return True

    def _fetch(self, piece: Piece) -> None:
        self._context.copy().run(piece.fetch, self._later)

    def _later(self, function: Callable[[], object]) -> bool:
        """Begin with something that nobody waits for; tell whether a thread was free."""
        context = self._context.copy()

        def work() -> None:
            with suppress(Exception):
                context.run(function)

        return _pool.start(work)


def page_in(environ: MutableMapping[str, Any]) -> Page:
    """Return the page of a request; it is made at first use."""
    page: Page | None = environ.get(_KEPT)
    if page is None:
        page = environ[_KEPT] = Page()
    return page


def known_page(environ: MutableMapping[str, Any]) -> Page | None:
    """Return the page of a request, if it has anything to be placed."""
    return environ.get(_KEPT)


def page_of_request() -> Page:
    """Return the page of the request that Flask is answering.

    Raises:
        RuntimeError: It answers none.
    """
    import flask  # noqa: PLC0415 - other frameworks have none

    if not flask.has_request_context():
        raise RuntimeError(
            "a page has fragments only while a request is being answered; outside, "
            "`glassware.fragment` returns their HTML"
        )
    return page_in(flask.request.environ)
