"""Links to the endpoints of neighbours, by Flask's or Quart's own `url_for`."""

from functools import partial
from typing import Any

from flask import has_request_context, request
from werkzeug.routing import BuildError

from glassware.directory import Standing
from glassware.errors import DeadLink
from glassware.website import here

from .addresses import Wish, address_of, knows


class DeadFlaskLink(BuildError, DeadLink):
    """A dead link, for code that expects the error of Werkzeug."""

    __str__ = DeadLink.__str__

    def __init__(self, dead: DeadLink, error: BuildError) -> None:
        BuildError.__init__(
            self, error.endpoint, error.values, error.method, error.adapter
        )
        DeadLink.__init__(self, dead.message, hint=dead.hint)


def init_app(app: Any) -> None:
    """Let `url_for` try the neighbours when an application has no such endpoint.

    Args:
        app: One of Flask's or Quart's.
    """
    app.url_build_error_handlers.append(partial(_neighbours_url, app))


def _neighbours_url(
    app: Any, error: BuildError, endpoint: str, values: dict[str, Any]
) -> str | None:
    service, _, name = endpoint.partition(".")
    if not name or endpoint in app.view_functions:
        return None
    if name in app.view_functions and service == here.own_name():
        # By its own rules; only the site's name for it was not known to them.
        own: str = app.url_for(name, **values)
        return own
    given = dict(values)
    wish = Wish(
        given.pop("_anchor", None),
        given.pop("_method", None) or error.method,
        given.pop("_scheme", None),
        given.pop("_external", None),
    )
    try:
        return address_of(endpoint, given, wish, _standing())
    except DeadLink as dead:
        # Flask's own message is about the application's own endpoints.
        if service in app.blueprints or not knows(service):
            return None
        raise DeadFlaskLink(dead, error) from None


def _standing() -> Standing | None:
    if not has_request_context():
        return None
    # Each look at `request` finds it anew: this costs more than all the rest.
    environ = request.environ
    host = environ.get("HTTP_HOST") or request.host
    return Standing(environ["wsgi.url_scheme"], host)
