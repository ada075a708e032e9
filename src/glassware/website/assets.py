"""The scripts and styles that a page and its fragments need: each loaded once."""

from collections.abc import Iterable
from secrets import token_urlsafe

from flask import Flask, g, has_request_context
from markupsafe import Markup


def init_app(app: Flask) -> None:
    """Give templates `style`, `script`, `assets` and `csp_nonce`."""


class PageAssets:
    """What the page needs that is being made, in order.

    `head` is called once with all of the page, or with the first part of one that
    is streamed; `rest` afterwards, at the place of each fragment.
    """

    def __init__(self) -> None:
        self.placeholder = ""

    def take(self, fields: Iterable[tuple[str, str]], base: str, name: str) -> None:
        """Take in what a fragment needs.

        Args:
            fields: The headers of its answer.
            base: Its public URL; empty: it has none.
            name: What it is called in messages.
        """

    def head(self, html: str) -> str:
        """Return a page with the tags of all that is known by now in its head."""
        return html

    def rest(self) -> str:
        """Return the tags of what has been named since; empty: nothing was."""
        return ""


def page_assets() -> PageAssets:
    """Return those of the request that is being answered."""
    found: PageAssets | None = g.get("_glassware_assets")
    if found is None:
        found = g._glassware_assets = PageAssets()  # noqa: SLF001
    return found


def csp_nonce() -> str:
    """Return the nonce for Content-Security-Policy of the page that is being made."""
    return token_urlsafe(16) if has_request_context() else ""


def assets() -> Markup:
    """Return what stands for the tags of all scripts and styles of the page."""
    return Markup("")
