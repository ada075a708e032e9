"""The scripts and styles that a page and its fragments need: each loaded once."""

import flask
from flask import Flask, Response
from markupsafe import Markup

from glassware.website.fragments.body import change_stream, replace_body
from glassware.website.fragments.page import known_page
from glassware.website.fragments.piece import HTML, REDIRECTS
from glassware.website.hooks import after_request

from . import nonce
from .links import EXTRA, Asset, Kind, write_link
from .page import PageAssets, known_assets, page_assets, passing


def init_app(app: Flask) -> None:
    """Give templates `style`, `script`, `assets` and `csp_nonce`."""
    nonce.init_app(app)
    known = app.jinja_env.globals
    known.setdefault("style", style)
    known.setdefault("script", script)
    known.setdefault("assets", assets)
    after_request(app, _finish)


def style(
    url: str, *, media: str = "", integrity: str = "", crossorigin: str = ""
) -> Markup:
    """Say that this page, or the page of this fragment, needs a stylesheet.

    Args:
        url: Such as `url_for("static", filename="mini.css")`.
        media: The media that it is for.
        integrity: The hash that it must have.
        crossorigin: `anonymous` or `use-credentials`, where another site serves it.

    Returns:
        Nothing: its tag is put into the head of the page, once.
    """
    return _name("style", url, (media, integrity, crossorigin))


def script(
    url: str, *, module: bool = False, integrity: str = "", crossorigin: str = ""
) -> Markup:
    """Say that this page, or the page of this fragment, needs a script.

    It runs when the page has been read.

    Args:
        url: Such as `url_for("static", filename="mini.js")`.
        module: Whether it is one that may `import`.
        integrity: The hash that it must have.
        crossorigin: `anonymous` or `use-credentials`, where another site serves it.

    Returns:
        Nothing: its tag is put into the head of the page, once.
    """
    return _name("module" if module else "script", url, ("", integrity, crossorigin))


def assets() -> Markup:
    """Return what stands for the tags of all scripts and styles of the page."""
    known = page_assets()
    if known.of_fragment:
        return Markup()
    flask.after_this_request(_finish_early)
    return Markup(known.reserve())  # noqa: S704 - a comment with a number


def _name(kind: Kind, url: str, said: tuple[str, ...]) -> Markup:
    extra = tuple(pair for pair in zip(EXTRA, said, strict=True) if pair[1])
    page_assets().name(Asset(kind, url, extra))
    flask.after_this_request(_finish_early)
    return Markup()


def _finish_early(response: Response) -> Response:
    """Complete a page before other functions see it, if it has a head."""
    known = known_assets(flask.request.environ)
    # One with fragments is complete when they are in it: they name more.
    if known is not None and known_page(flask.request.environ) is None:
        _fill(response, known, whole=False)
    return response


def _finish(response: Response) -> Response:
    environ = flask.request.environ
    if response.is_streamed and _is_page(response):
        _stream(response)
    known = known_assets(environ)
    if known is None or response.is_streamed:
        return response
    if known.of_fragment:
        for asset in known.all():
            response.headers.add("Link", write_link(asset))
    else:
        _fill(response, known, whole=True)
    return response


def _is_page(response: Response) -> bool:
    return (
        not response.direct_passthrough
        and (response.content_type or "").startswith(HTML)
        and response.status_code not in REDIRECTS
        and "Content-Encoding" not in response.headers
    )


def _fill(response: Response, known: PageAssets, *, whole: bool) -> None:
    if response.is_streamed or not _is_page(response) or known.gone:
        return
    html = response.get_data(as_text=True)
    filled = known.head(html, whole=whole) if html else html
    if filled != html:
        replace_body(response, filled)


def _stream(response: Response) -> None:
    environ = flask.request.environ
    change_stream(
        response,
        "glassware.assets.streams",
        lambda chunks: passing(chunks, lambda: known_assets(environ)),
    )
