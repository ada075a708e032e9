"""What fragments do to the head of their page: status, redirect, cookies, caching."""

import logging
from collections.abc import Sequence

from flask import Response
from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_cache_control_header

from glassware.errors import DeadlineExceeded
from glassware.protocol import VISITOR
from glassware.website import here

from .cookies import own_set_cookies
from .missing import tell
from .page import Page
from .piece import Piece


_ERRORS = 400
# A gateway refuses an answer with too many headers: all of the page, for one piece.
_MOST_NAMES = 50
_MOST_COOKIES = 50
_LARGEST_COOKIE = 4096


def settle_primary(page: Page, response: Response) -> bool:
    """Give a page the status of its primary fragment; tell whether it redirects.

    Raises:
        BaseException: The fragment has failed, and so has the page.
    """
    piece = page.primary
    if piece is None:
        return False
    page.wait(piece)
    page.primary = None
    answer = piece.answer
    if piece.error is not None or answer is None:
        raise piece.error or DeadlineExceeded(f"`{piece.name}` is not there yet")
    if answer.status != 204:  # noqa: PLR2004 - the page has something in it
        response.status_code = answer.status
    location = piece.header("Location")
    if 300 <= answer.status < _ERRORS and location:  # noqa: PLR2004
        response.headers["Location"] = location
        add_heads([piece], response)
        return True
    return False


def add_heads(pieces: Sequence[Piece], response: Response) -> None:
    """Let a page set the cookies of its fragments, and be cached no more than they."""
    room = _MOST_COOKIES
    for piece in sorted(pieces, key=lambda piece: piece.last):
        if piece.problem() is not None and "Cache-Control" in response.headers:
            # What is missing now would be missing for as long as somebody keeps it.
            response.headers["Cache-Control"] = "no-store"
        if piece.answer is None or piece.wanted is None:
            continue
        target = piece.wanted.target
        cookies = piece.headers("Set-Cookie")
        if cookies and not target.own:
            known = here.directory().services
            cookies = list(own_set_cookies(target.service, cookies, known))
        for cookie in cookies:
            if room and len(cookie) <= _LARGEST_COOKIE:
                room -= 1
                response.headers.add("Set-Cookie", cookie)
            else:
                what = "sets more, or larger ones, than a page takes of its fragments"
                tell(logging.WARNING, piece.name, "lost a cookie", what)
        _limit_caching(piece, response, personal=bool(cookies))


def _limit_caching(piece: Piece, response: Response, *, personal: bool) -> None:
    names = [
        # The visitor's browser sends it as a cookie.
        "Cookie" if name.strip().lower() == VISITOR.lower() else name.strip()
        for header in piece.headers("Vary")
        for name in header.split(",")
    ]
    if len(names) > _MOST_NAMES:
        response.headers["Vary"] = "*"
    elif names:
        # Each change of it writes the header anew.
        response.vary.update(names)
    if "Cache-Control" not in response.headers:
        return
    said = piece.header("Cache-Control")
    control = parse_cache_control_header(said, cls=ResponseCacheControl)
    page = response.cache_control
    if control.no_store:
        page.no_store = True
    if personal or control.no_store or control.private or control.no_cache:
        page.public = False
        page.s_maxage = None
        page.private = True
