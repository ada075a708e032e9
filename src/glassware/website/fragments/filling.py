"""Placeholders become fragments, in pages that are whole and in those that pass."""

import logging
import re
from collections.abc import Callable, Iterator

import flask
from werkzeug.routing import BuildError

from glassware.errors import GlasswareError
from glassware.website import here

from .assets.page import page_assets
from .html import html_of
from .missing import tell
from .page import NEEDLE, Page
from .piece import Piece


_NEEDLE = NEEDLE.encode()
_PLACEHOLDER = re.compile(rb"gw-fragment-([0-9a-f]{32})-(\d{1,6})-")
_LONGEST = len(NEEDLE) + 32 + 1 + 6 + 1
_CUT = re.compile(rb"(?i)gw-fragment-[0-9a-f]{4,32}(?:-\d*-?)?")
_BEGUN = re.compile(rb"gw-fragment-[0-9a-f]{0,32}(?:-\d{0,6})?")


def has_placeholder(body: bytes) -> bool:
    """Tell whether there may be placeholders in a page."""
    return _NEEDLE in body


class Filling:
    """Puts the fragments of one page in their places.

    Args:
        find: Returns its fragments; `None`: it has none, so placeholders are those
            of an earlier page.
    """

    def __init__(self, find: Callable[[], Page | None]) -> None:
        self.placed: list[Piece] = []
        self._streams = False
        self._find = find

    def fill(self, body: bytes) -> bytes:
        """Return a whole page with its fragments."""
        parts = _PLACEHOLDER.split(body)
        texts = [parts[0]]
        for at in range(1, len(parts), 3):
            texts += [self.text(parts[at], int(parts[at + 1])), parts[at + 2]]
        filled = b"".join(texts)
        return self._without_rests(filled) if self._lost() else filled

    def tell_lost(self) -> None:
        """Say which fragments were asked for and have no place in the page."""
        for piece in self._lost():
            piece.placed = True
            tell(
                logging.WARNING,
                piece.name,
                "was asked for and is not in the page",
                "its placeholder was changed, or never used",
            )

    def stream(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Return a page with its fragments while it passes."""
        self._streams = True
        held = b""
        for chunk in chunks:
            data = held + chunk if held else chunk
            end = _end(data)
            held, data = data[end:], data[:end]
            yield from self._passing(data)
        if held:
            yield held

    def text(self, token: bytes, number: int) -> bytes:
        """Return what stands for a placeholder."""
        page = self._find()
        if page is None or token.decode() != page.token or number >= len(page.pieces):
            tell(
                logging.WARNING,
                f"{here.own_name()}.{flask.request.endpoint}",
                "had a placeholder of another page, which was removed",
                "what a cache keeps of a template cannot have fragments in it",
            )
            return b""
        piece = page.pieces[number]
        page.wait(piece)
        if self._streams and piece.primary:
            piece.primary = False
            tell(
                logging.WARNING,
                piece.name,
                "decides nothing",
                "the head of a page that is streamed is on its way before",
            )
        if not piece.placed:
            piece.placed = True
            self.placed.append(piece)
        html = html_of(piece, _take).encode()
        # A fragment has no places in it; what stands in for one may have.
        if _NEEDLE in html and piece.problem() is None:
            return _PLACEHOLDER.sub(b"", html)
        return html

    def refuse(self, body: bytes, kind: str) -> bytes:
        """Return an answer that is no HTML page without its placeholders."""
        page = self._find()
        names = {"?"} if page is None else {piece.name for piece in page.pieces}
        for name in sorted(names):
            tell(
                logging.ERROR,
                name,
                f"cannot be in an answer of `{kind}`, and was left out",
                "`glassware.fragment` returns the HTML itself",
            )
        return _PLACEHOLDER.sub(b"", body)

    def _passing(self, data: bytes) -> Iterator[bytes]:
        if _NEEDLE not in data:
            if data:
                yield data
            return
        parts = _PLACEHOLDER.split(data)
        for at in range(0, len(parts), 3):
            if parts[at]:
                yield parts[at]
            if at + 2 < len(parts):
                # What came before it is on its way by now.
                yield self.text(parts[at + 1], int(parts[at + 2]))

    def _lost(self) -> list[Piece]:
        page = self._find()
        if page is None:
            return []
        return [piece for piece in page.pieces if not piece.placed]

    def _without_rests(self, filled: bytes) -> bytes:
        page = self._find()
        token = b"" if page is None else page.token.encode()[:8]

        def rest(match: re.Match[bytes]) -> bytes:
            found = match[0].lower()[len(_NEEDLE) :][:8]
            return b"" if token.startswith(found) else match[0]

        return _CUT.sub(rest, filled)


def _take(piece: Piece) -> None:
    """Take in the scripts and styles that a fragment names."""
    try:
        public = flask.url_for(piece.name, **piece.values)
    except (BuildError, GlasswareError):
        public = ""
    if piece.answer is not None:
        page_assets().take(piece.answer.fields, public, piece.name)


def _end(data: bytes) -> int:
    """Return where what may be the beginning of a placeholder begins."""
    start = max(0, len(data) - _LONGEST + 1)
    while (found := data.find(b"g", start)) >= 0:
        tail = data[found:]
        if _NEEDLE.startswith(tail) or _BEGUN.fullmatch(tail):
            return found
        start = found + 1
    return len(data)
