"""What one page needs: each script and style once, in order."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any

import flask
from markupsafe import escape

from glassware.website import here

from .links import Asset, escaped, read_links
from .nonce import csp_nonce, in_fragment
from .urls import RefusedUrl, resolved


_KEY = "glassware.assets"
_END_OF_HEAD = re.compile(
    r"<!--.*?-->|<(script|style|noscript|template|title)\b.*?</\1|(</head\b|<body\b)",
    re.DOTALL | re.IGNORECASE | re.ASCII,
)
_BEFORE_ALL = re.compile(
    r"(?:\s|<!--.*?-->)*(?:<!doctype[^>]*>)?(?:\s|<!--.*?-->)*(?:<html\b[^>]*>)?\s*"
    r"(?:<head\b[^>]*>)?",
    re.DOTALL | re.IGNORECASE | re.ASCII,
)

_log = logging.getLogger(__name__)


class PageAssets:
    """What the page needs that is being made, in order.

    A page is given to `head`, as a whole or in parts, until its head is gone. What is
    named later is in `rest`.

    Args:
        nonce: The page's; empty: it has none.
        of_fragment: Whether it is no page but a piece of one, which has no head.

    Attributes:
        placeholder: What stands for all tags; empty: nothing does.
        gone: Whether the head of the page is made.
        nonce: The page's; empty: it has none.
    """

    def __init__(self, nonce: str = "", *, of_fragment: bool = False) -> None:
        self.placeholder = ""
        self.gone = False
        self.of_fragment = of_fragment
        self.nonce = nonce
        self._own: list[Asset] = []
        self._of_fragments: list[Asset] = []
        self._put: set[tuple[bool, str]] = set()

    def name(self, asset: Asset) -> None:
        """Take in what the page itself needs."""
        self._own.append(asset)

    def take(self, fields: Iterable[tuple[str, str]], base: str, name: str) -> None:
        """Take in what a fragment needs.

        Args:
            fields: The headers of its answer.
            base: Its public URL; empty: it has none.
            name: What it is called in messages.
        """
        site = here.directory()
        links = (value for key, value in fields if key.lower() == "link")
        for asset in read_links(links):
            try:
                url, elsewhere = resolved(asset.url, base, site)
            except RefusedUrl as why:
                _log.warning("`%s` of `%s` was left out: %s", asset.url, name, why)
                continue
            self._of_fragments.append(replace(asset, url=url, elsewhere=elsewhere))

    def all(self) -> Iterator[Asset]:
        """Return what is needed and not put anywhere yet, each once; now it is put."""
        for asset in (*self._own, *self._of_fragments):
            # What a style and a script have in common is their URL at most.
            key = (asset.kind == "style", asset.url)
            if key not in self._put:
                self._put.add(key)
                yield asset

    def reserve(self) -> str:
        """Return a comment in the head of the page; all tags will be there."""
        self.placeholder = self.placeholder or f"<!--assets {token_hex(16)}-->"
        return self.placeholder

    def head(self, html: str, *, whole: bool = False) -> str:
        """Return a page with the tags of all that is known by now in its head.

        Args:
            html: The page, or a part of it that is streamed; without a head, it is
                left alone.
            whole: Put them somewhere, whether it has a head or not.
        """
        if self.gone or self.of_fragment:
            return html
        if self.placeholder and self.placeholder in html:
            self.gone = True
            before, _, after = html.partition(self.placeholder)
            return before + self.rest() + after.replace(self.placeholder, "")
        at = _end_of_head(html)
        if at < 0 and whole:
            at = _end_of(_BEFORE_ALL.match(html))
        if at < 0:
            return html
        self.gone = True
        return html[:at] + self.rest() + html[at:]

    def rest(self) -> str:
        """Return the tags of what has not been put anywhere; empty: nothing is left."""
        return "".join(_tag(asset, self.nonce) for asset in self.all())


def page_assets() -> PageAssets:
    """Return those of the request that is being answered."""
    environ = flask.request.environ
    found = known_assets(environ)
    if found is None:
        found = PageAssets(csp_nonce(), of_fragment=in_fragment())
        environ[_KEY] = found
        flask.g._glassware_assets = found  # noqa: SLF001
    return found


def known_assets(environ: Mapping[str, Any]) -> PageAssets | None:
    """Return those of a request; `None`: nothing has been named so far."""
    found: PageAssets | None = environ.get(_KEY)
    return found


def passing(
    chunks: Iterator[bytes], find: Callable[[], PageAssets | None]
) -> Iterator[bytes]:
    """Return a page that is streamed, with the tags of what it needs.

    Args:
        chunks: Its parts; what a part has named is put before it if the head is gone.
        find: Returns what it needs, once something does.
    """
    for chunk in chunks:
        known = find()
        if known is None:
            yield chunk
        elif known.gone or known.of_fragment:
            if rest := known.rest():
                yield rest.encode()
            yield chunk
        elif b"<" in chunk:
            yield known.head(
                chunk.decode("utf-8", "surrogateescape"), whole=False
            ).encode("utf-8", "surrogateescape")
        else:
            yield chunk
    known = find()
    if known is not None and (rest := known.rest()):
        yield rest.encode()


def _end_of_head(html: str) -> int:
    for found in _END_OF_HEAD.finditer(html):
        if found[2]:
            return found.start()
    return -1


def _end_of(found: re.Match[str] | None) -> int:
    return 0 if found is None else found.end()


def _tag(asset: Asset, nonce: str) -> str:
    url = escape(escaped(asset.url))
    extra = "".join(f' {name}="{escape(value)}"' for name, value in asset.extra)
    # What another site serves is for the page's policy to allow, by its name.
    if nonce and not asset.elsewhere:
        extra += f' nonce="{escape(nonce)}"'
    if asset.kind == "style":
        return f'<link rel="stylesheet" href="{url}"{extra}>'
    how = ' type="module"' if asset.kind == "module" else " defer"
    return f'<script src="{url}"{how}{extra}></script>'
