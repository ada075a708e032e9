"""What every request and every answer goes through."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from glassware import CallError
from web.neighbours import Refused


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

WORDS = {
    403: ("Who are you?", "This is for those who have entered, or who sent it."),
    404: ("Too dark here", "There is nothing at this address, or not any more."),
    409: ("That was too quick", "A night is longer than that."),
    429: ("Not so fast", "Take a breath between two nights."),
    503: ("The lamp went out", "Somebody is lighting it again. Try in a moment."),
}


def init_app(app: Flask) -> None:
    """Put the guards in place."""
    app.before_request(refuse_other_sites)
    app.after_request(add_headers)
    app.register_error_handler(CallError, away)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, error_page)


def refuse_other_sites() -> None:
    """Refuse what another site's page sends in the visitor's name."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    # Browsers send at least one of these, and no page can forge them.
    if site not in {None, "same-origin", "none"}:
        abort(403)
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def add_headers(response: Response) -> Response:
    """Let pages load nothing from elsewhere and be framed by nobody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def away(error: CallError) -> ResponseReturnValue:
    """Answer when nothing can be done without a neighbour that is away."""
    current_app.logger.error("no page: %s", error)
    return _page(503)


def refused(error: Refused) -> ResponseReturnValue:
    """Answer as the neighbour did."""
    return _page(error.status)


def error_page(error: HTTPException) -> ResponseReturnValue:
    """Answer an error with a page that looks like the others."""
    if error.code is None or error.code < 400:
        return error
    return _page(error.code)


def _page(status: int) -> ResponseReturnValue:
    title, text = WORDS.get(status, ("That went wrong", "Please try it again."))
    if request.is_json:
        return {"error": f"{title}. {text}"}, status
    return render_template("error.html", status=status, title=title, text=text), status
