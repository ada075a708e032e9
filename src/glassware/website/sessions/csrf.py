"""Forms that go to another service, with that service's own CSRF token.

A token counts in the service that made it alone. So a page asks the service that
its form goes to, as it asks for a fragment: with what the browser has of that
service's session, and what the answer sets of it the page sets.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, Response, current_app, request
from markupsafe import Markup, escape

from glassware.service.incoming import current_request
from glassware.website import here
from glassware.website.fragments.beginning import due
from glassware.website.fragments.call import Wanted
from glassware.website.fragments.cookies import SHARED, owner_of
from glassware.website.fragments.page import Page, page_of_request
from glassware.website.fragments.target import Target
from glassware.website.fragments.template import fill
from glassware.website.hooks import before_all

from .csrf_piece import FIELD, TOKEN, TokenPiece, services


_TARGETS = {FIELD: "csrf_field", TOKEN: "csrf_token_for"}
_BEGUN = "glassware.csrf"


class NoTokens(RuntimeError):
    """An application has no protection against CSRF that is known here."""


class _Answered(Exception):
    """A request is answered before the application has a part in it."""

    def __init__(self, response: Response) -> None:
        self.response = response


def init_app(app: Flask) -> None:
    """Give templates tokens of other services, and others those of this one."""
    known = app.jinja_env.globals
    known.setdefault("csrf_field", functools.partial(_placed, app, FIELD))
    known.setdefault("csrf_token_for", functools.partial(_placed, app, TOKEN))
    # It comes before whatever wants a visitor to be signed in.
    before_all(app, _answer_neighbour)
    app.register_error_handler(_Answered, lambda answered: answered.response)


def _placed(
    app: Flask,
    path: str,
    service: str,
    *,
    deadline: float | None = None,
    caller: Callable[[], Any] | None = None,
) -> Markup:
    """Return the placeholder of a token, or the token where it is an own one.

    Args:
        app: The application that makes the page.
        path: Of the token alone, or of a whole field.
        service: Where the form goes.
        deadline: Seconds that the token may take; the first one of a page counts.
        caller: Renders the block that stands there if there is none.
    """
    if service in {"", here.own_name()}:
        return _written(path)
    page = page_of_request()
    if not page.pieces:
        # As fragments do it: before any other function of the answer.
        flask.after_this_request(fill)
    begun: dict[tuple[str, str], Markup] = request.environ.setdefault(_BEGUN, {})
    if caller is not None:
        # What stands in its place is not what stands in another's.
        return _begin(app, page, deadline, (service, path), caller)
    if (service, path) not in begun:
        usual = None if path == FIELD else str
        begun[service, path] = _begin(app, page, deadline, (service, path), usual)
    return begun[service, path]


def _begin(
    app: Flask,
    page: Page,
    deadline: float | None,
    wanted: tuple[str, str],
    caller: Callable[[], Any] | None,
) -> Markup:
    service, path = wanted
    piece = TokenPiece(
        name=f"{service}.{_TARGETS[path]}",
        values={},
        until=due(deadline),
        caller=caller,
        page=page,
        known=_has_session(service),
    )
    piece.wanted = Wanted(
        app=app,
        target=Target(service, "csrf", path, own=False),
        environ=request.environ,
        until=piece.until,
    )
    return page.begin(piece)


def _has_session(service: str) -> bool:
    """Tell whether the visitor may have a session at another service."""
    names = services()
    return any(
        owner_of(name, names) == service and not name.endswith(SHARED)
        for name in request.cookies
    )


def _answer_neighbour(environ: dict[str, Any]) -> None:
    """Answer a neighbour that wants a token of this service for one of its forms."""
    if environ["PATH_INFO"] not in _TARGETS:
        return
    asked = current_request()
    if asked is None or not asked.caller:
        return
    try:
        answer = Response(_written(request.path))
    except NoTokens as error:
        answer = Response(str(error), status=404)
    answer.cache_control.no_store = True
    raise _Answered(answer)


def _written(path: str) -> Markup:
    token = _token()
    if path == TOKEN:
        return escape(token)
    name = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, token)


def _token() -> str:
    """Return a token of this service, for the session of the request.

    Raises:
        NoTokens: It has none.
    """
    # Flask-WTF gives it to templates under this name, and so do others.
    made = current_app.jinja_env.globals.get("csrf_token")
    if not callable(made) and "flask_wtf" in sys.modules:
        made = sys.modules["flask_wtf.csrf"].generate_csrf
    if not callable(made):
        raise NoTokens(f"`{here.own_name()}` has no CSRF tokens: it needs Flask-WTF")
    return str(made())
