"""A fragment that is opened alone, by whoever develops: it gets a page around it."""

import threading
from collections import deque

import flask
from flask import Flask, Response
from jinja2 import TemplateNotFound
from markupsafe import Markup

from glassware.environment import spelled
from glassware.service import settings
from glassware.service.incoming import current_request
from glassware.website import here
from glassware.website.hooks import after_request

from .assets.page import page_assets
from .body import replace_body


BASE = "site/base.html"
"""The layout that a fragment is framed in, where there is one."""

_BLOCKS = ("content", "main", "body")
_PLAIN = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
</head>
<body>
{{ piece }}
</body>
</html>
"""
_FRAMED = '{{% extends "{base}" %}}{{% block {block} %}}{{{{ piece }}}}{{% endblock %}}'

_MOST = 1000


class _Seen:
    """The routes of this process that a page has asked for a fragment of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: deque[str] = deque(maxlen=_MOST)

    def add(self, name: str) -> None:
        with self._lock:
            if name not in self._names:
                self._names.append(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names


_seen = _Seen()


def init_app(app: Flask) -> None:
    """Frame the fragments of an application, where its authors use it."""
    if settings.current().development:
        after_request(app, frame)


def frame(response: Response) -> Response:
    """Return a fragment with a page around it, if a browser opens it alone."""
    asked = current_request()
    name = f"{here.own_name()}.{flask.request.endpoint}"
    if asked is not None and asked.fragment:
        _seen.add(name)
        return response
    if not _is_opened() or not _is_piece(response) or not _is_known(name):
        return response
    piece = response.get_data(as_text=True)
    links = [pair for pair in response.headers if pair[0].lower() == "link"]
    if links:
        page_assets().take(links, flask.request.path, name)
    replace_body(response, _page(piece, name))
    response.vary.update(("Sec-Fetch-Dest", "HX-Request"))
    return response


def _is_opened() -> bool:
    request = flask.request
    opened = request.headers.get("Sec-Fetch-Dest") == "document"
    return opened and request.method == "GET" and "HX-Request" not in request.headers


def _is_piece(response: Response) -> bool:
    if (
        response.status_code != 200  # noqa: PLR2004
        or response.mimetype != "text/html"
        or response.is_streamed
        or response.direct_passthrough
    ):
        return False
    start = response.get_data()[:1024].lower()
    return b"<!doctype" not in start and b"<html" not in start


def _is_known(name: str) -> bool:
    if name in _seen:
        return True
    wanted = spelled(name)
    return any(spelled(each) == wanted for each in here.directory().fragments)


def _page(piece: str, name: str) -> str:
    # The service's own answer, as it would have been sent.
    values = {"piece": Markup(piece), "title": name}  # noqa: S704
    environment = flask.current_app.jinja_env
    try:
        blocks = environment.get_template(BASE).blocks
    except TemplateNotFound:
        return flask.render_template_string(_PLAIN, **values)
    block = next((each for each in _BLOCKS if each in blocks), "")
    if not block:
        return flask.render_template_string(_PLAIN, **values)
    source = _FRAMED.format(base=BASE, block=block)
    return flask.render_template_string(source, **values)
