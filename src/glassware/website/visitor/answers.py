"""What a Flask application is given because of who asks."""

from typing import Any

from flask import Flask, Response

from glassware.service.incoming import current_request
from glassware.service.settings import current
from glassware.service.visits import VARIES
from glassware.website.hooks import after_request

from .proxy import visitor
from .renewal import contexts


def init_app(app: Flask) -> None:
    """Let answers have what was added, and templates `visitor`."""
    # A request too: what loads a user may look at the session, as Flask-Security's does.
    contexts[current().service] = app.test_request_context
    after_request(app, _add)
    name_in_templates(app)


def name_in_templates(app: Any) -> None:
    """Let templates of Flask or Quart have `visitor`; an own name goes first."""
    app.jinja_env.globals.setdefault("visitor", visitor)


def _add(response: Response) -> Response:
    asked = current_request()
    if asked is None or not asked.added:
        return response
    for name, value in asked.added:
        if (name, value) == VARIES:
            response.vary.add(value)
        else:
            response.headers.add(name, value)
    # A worker adds what is left.
    asked.added.clear()
    return response
