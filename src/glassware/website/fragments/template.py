"""Pages out of fragments: `{{ fragment("cart.mini") }}`."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import flask
from flask import Flask, Response
from markupsafe import Markup

from glassware.website.hooks import after_request

from .assets.nonce import csp_nonce
from .assets.page import known_assets
from .beginning import want
from .body import change_stream, replace_body
from .filling import Filling, has_placeholder
from .head import add_heads, settle_primary
from .page import Page, known_page, page_of_request
from .piece import HTML, Piece


ERROR = 400
_HTML = (*HTML, "text/vnd.turbo-stream.html")


def init_app(app: Flask) -> None:
    """Give templates `fragment`, and pages their fragments."""
    known = app.jinja_env.globals
    known.setdefault("fragment", functools.partial(begin, app))
    after_request(app, fill)


def begin(
    app: Flask,
    name: str,
    /,
    *,
    deadline: float | None = None,
    primary: bool = False,
    caller: Callable[[], Any] | None = None,
    **values: Any,
) -> Markup:
    """Begin with a fragment; return the placeholder where it will be.

    Args:
        app: The application that makes the page.
        name: `SERVICE.ENDPOINT`.
        deadline: Seconds that it may take.
        primary: Whether its status and redirects are the page's.
        caller: Renders the block that stands there if it fails; Jinja gives it.
        **values: For its rule; others are its query.

    Raises:
        RuntimeError: No request is being answered.
        ValueError: The deadline is none, or the page has a primary fragment already.
    """
    page = page_of_request()
    if not page.pieces:
        # Before any other function: what they see is the whole page.
        flask.after_this_request(fill)
        page.nonce = csp_nonce()
    piece = Piece(
        name=name,
        values=values,
        caller=caller,
        primary=primary,
    )
    want(piece, app, deadline, page.nonce)
    return page.begin(piece)


def fill(response: Response) -> Response:
    """Put the fragments of a page in their places; what is in its place stays."""
    if response.direct_passthrough:
        return response
    page = known_page(flask.request.environ)
    is_html = (response.content_type or "").startswith(_HTML)
    if page is None and not is_html:
        return response
    if response.is_streamed:
        if is_html:
            _stream(response)
        return response
    if page is not None and settle_primary(page, response):
        response.set_data(b"")
        return response
    body = response.get_data()
    if not is_html:
        if has_placeholder(body):
            response.set_data(
                Filling(lambda: page).refuse(body, response.mimetype or "")
            )
        return response
    if page is not None or has_placeholder(body):
        _fill(response, page, body)
    return response


def _fill(response: Response, page: Page | None, body: bytes) -> None:
    filling = Filling(lambda: page)
    text = filling.fill(body)
    if response.status_code < ERROR:
        filling.tell_lost()
    add_heads(filling.placed, response)
    assets = known_assets(flask.request.environ)
    if assets is not None:
        # Whatever they name is known by now; a piece without a head may be framed yet.
        text = assets.head(text.decode()).encode()
    if text != body:
        replace_body(response, text)


def _stream(response: Response) -> None:
    environ = flask.request.environ

    def passing(chunks: Iterator[bytes]) -> Iterator[bytes]:
        filled = Filling(lambda: known_page(environ)).stream(chunks)
        if known_page(environ) is None:
            return filled
        response.headers.pop("Content-Length", None)
        return flask.stream_with_context(filled)

    change_stream(response, "glassware.streams", passing)
