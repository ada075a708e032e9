"""What every request and every answer goes through."""

from flask import Flask, Response, request

from glassware import visitor
from web import neighbours


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def init_app(app: Flask) -> None:
    """Put the guards in place."""
    app.before_request(see)
    app.after_request(add_headers)


def see() -> None:
    """Let the lobby know who is here."""
    if request.endpoint != "static" and visitor:
        neighbours.see(visitor.id)


def add_headers(response: Response) -> Response:
    """Let pages load nothing from elsewhere and be framed by nobody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
