"""Links to whatever is public in the site, for any code of a service.

Nothing here knows Flask: Django, Quart, Starlette and scripts make links, too.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from glassware.current import Incoming
from glassware.directory import Book, Standing, book_of
from glassware.service.deadline import by
from glassware.service.incoming import current_request
from glassware.website import here


log = logging.getLogger("glassware.links")

PATIENCE = 5.0
"""Seconds that a link waits for a service that has never said what it answers to."""

GIVE_UP = 30.0
"""Seconds after which it is worth waiting for it again."""

# A service that starts says so once; nothing is lost by asking so often.
_STEP = 0.02

# Seconds for which the links of one request are made of one directory.
_SAME = 0.5
_SAFE_IN_ANCHOR = "%!#$&'()*+,/:;=?@"

informants: list[Callable[[str], object]] = []
"""Asked to let the directory know a service, before anybody waits for it."""

_given_up: dict[tuple[str, str], float] = {}


class Wish(NamedTuple):
    """What a link is to be like besides its place and values.

    Attributes:
        anchor: What follows `#`; `None`: nothing.
        method: Only a rule that takes it will do; `None`: any, `GET` first.
        scheme: Of the address, which then is a whole one.
        external: Whether it is a whole one; `None`: where it stands on no page.
    """

    anchor: str | None = None
    method: str | None = None
    scheme: str | None = None
    external: bool | None = None


def address_of(
    name: str, values: Mapping[str, Any], wish: Wish, standing: Standing | None = None
) -> str:
    """Return the public address of an endpoint.

    Args:
        name: `SERVICE.ENDPOINT`.
        values: For its rule; others go into the query.
        wish: What it is to be like.
        standing: Where the link stands; `None`: where the current request says.

    Raises:
        DeadLink: It has none.
    """
    asked = current_request()
    if standing is None:
        standing = Standing(asked.scheme, asked.host) if asked else Standing()
    external = not standing.host if wish.external is None else wish.external
    service = name.partition(".")[0]
    book = _open(asked)
    if not _tells(book, service):
        for inform in informants:
            inform(service)
        # Who was told knows all that can be known.
        book = _when_known(service, asked, PATIENCE if not informants else 0.0)
    if not _tells(book, service):
        found = book.front(name, standing, external=external)
    else:
        found = book.link(
            name,
            values,
            standing,
            method=wish.method,
            scheme=wish.scheme,
            external=external,
        )
    if wish.anchor is None:
        return found
    return f"{found}#{quote(str(wish.anchor), safe=_SAFE_IN_ANCHOR)}"


def knows(service: str) -> bool:
    """Tell whether the site has a service of this name."""
    return _open(current_request()).entry(service) is not None


_opened = threading.local()


def _open(asked: Incoming | None) -> Book:
    """Return what makes links, the same one for a while of the same request."""
    now = time.monotonic()
    if asked is not None and getattr(_opened, "by", None) is asked:
        since, book = _opened.book
        if now - since < _SAME:
            kept: Book = book
            return kept
    book = book_of(here.directory())
    _opened.by, _opened.book = asked, (now, book)
    return book


def _tells(book: Book, service: str) -> bool:
    """Tell whether all is known that can be known of a service."""
    entry = book.entry(service)
    return entry is None or entry.known or not entry.places


def _when_known(service: str, asked: Incoming | None, patience: float) -> Book:
    """Wait for a service that is about to start for the first time."""
    until = min(time.monotonic() + _patience(service, patience), by(asked))
    book = book_of(here.directory())
    if _tells(book, service):
        return book
    slot = None if asked is None or time.monotonic() >= until else asked.slot
    if slot is not None:
        slot.lend()
    try:
        while time.monotonic() < until and not _tells(book, service):
            time.sleep(_STEP)
            book = book_of(here.directory())
    finally:
        if slot is not None:
            slot.take_back()
    if not _tells(book, service):
        _given_up[here.own_name(), service] = time.monotonic()
        text = "`%s` has not started yet: a link to it leads to its front page"
        log.warning(text, service)
    return book


def _patience(service: str, patience: float) -> float:
    gave_up = _given_up.get((here.own_name(), service))
    if gave_up is not None and time.monotonic() - gave_up < GIVE_UP:
        return 0.0
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return patience
    # Whoever waits here would keep every other request from going on.
    return 0.0
