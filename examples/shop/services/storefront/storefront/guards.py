"""What every request and every answer goes through."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from glassware import CallError


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

WORDS = {
    400: ("That did not arrive whole", "Please go back and try it again."),
    403: ("That came from somewhere else", "Please use the forms of this shop."),
    404: (
        "An empty shelf",
        "There is nothing at this address. Perhaps there was once.",
    ),
    500: ("Something broke", "It was us. Please try again in a moment."),
    503: ("The shelves are out of reach", "Please try again in a moment."),
}


def init_app(app: Flask) -> None:
    """Put the guards in place."""
    app.before_request(refuse_other_sites)
    app.after_request(add_headers)
    app.register_error_handler(CallError, catalog_away)
    app.register_error_handler(HTTPException, error_page)


def refuse_other_sites() -> None:
    """Refuse a form that another site's page sends in the visitor's name."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    # Browsers send at least one of these with a form, and no page can forge them.
    if site not in {None, "same-origin", "none"}:
        abort(403)
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def add_headers(response: Response) -> Response:
    """Let pages load nothing from elsewhere and be framed by nobody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def catalog_away(error: CallError) -> ResponseReturnValue:
    """Answer when a page cannot be made without a neighbour that is away."""
    current_app.logger.error("no page: %s", error)
    return _page(503)


def error_page(error: HTTPException) -> ResponseReturnValue:
    """Answer an error with a page that looks like the others."""
    if error.code is None or error.code < 400:
        return error
    return _page(error.code)


def _page(status: int) -> ResponseReturnValue:
    title, text = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    return render_template("error.html", status=status, title=title, text=text), status
