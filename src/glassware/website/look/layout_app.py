"""The service `layout`, where the site's look is a folder without an application.

It serves the files of `static/`, and what browsers and search engines look for at
the root of a site; and it makes the pages that the gateway shows when it answers by
itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.exceptions import NotFound, default_exceptions

from glassware.service.settings import current

from . import static
from .sitemaps import elsewhere, index, sitemaps
from .static_pages import add_pages
from .templates import LAYOUT, layout_folder


_FAVICONS = {
    "favicon.ico": "image/x-icon",
    "favicon.svg": "image/svg+xml",
    "favicon.png": "image/png",
}
_A_WHILE = 300
"""Seconds for which a file is kept that was asked for by its plain name."""


def create_app() -> Flask:
    """Return the application, for the folder that is the layout."""
    folder = layout_folder() or Path.cwd()
    app = Flask(
        LAYOUT,
        root_path=str(folder),
        instance_path=str(folder / "instance"),
        static_folder=None,
    )
    app.url_build_error_handlers.append(_own_url)
    files = _Files(folder)
    app.add_url_rule("/static/<path:filename>", static.ENDPOINT, files.send)
    app.add_url_rule("/favicon.ico", "favicon", files.favicon)
    app.add_url_rule("/robots.txt", "robots", files.robots)
    app.add_url_rule("/sitemap.xml", "sitemap", _sitemap)
    if current().development:
        app.add_url_rule("/errors/<int:status>", "error", _error)
    add_pages(app)
    return app


class _Files:
    """The files of a layout.

    Args:
        folder: The layout's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._static = folder / "static"

    def send(self, filename: str) -> Response:
        """Send a file by its own name, or by that with a hash in it."""
        # Of a name that no file can have, `Path` would raise.
        if os.path.isfile(self._static / filename):  # noqa: PTH113
            return self._sent(filename, None)
        plain, mark = static.unhashed(filename)
        if not mark:
            raise NotFound
        return self._sent(plain, mark)

    def favicon(self) -> Response:
        """Send the icon of the site."""
        for name, kind in _FAVICONS.items():
            if (self._static / name).is_file():
                answer = self._sent(name, None)
                answer.content_type = kind
                return answer
        raise NotFound

    def robots(self) -> Response:
        """Tell search engines where to look: what the layout says, or the usual."""
        if (self._folder / "robots.txt").is_file():
            return send_from_directory(self._folder, "robots.txt", max_age=_age())
        return Response("\n".join(_usual_robots()) + "\n", mimetype="text/plain")

    def _sent(self, name: str, mark: str | None) -> Response:
        if mark is None:
            return send_from_directory(self._static, name, max_age=_age())
        # A page of the last release may still ask for the file of then: it gets
        # the one of now, which nobody keeps under that name.
        answer = send_from_directory(self._static, name, max_age=None)
        if static.fingerprint(self._static, name) == mark:
            answer.headers["Cache-Control"] = static.FOR_EVER
        return answer


def _sitemap() -> Response:
    found = sitemaps(request.host_url)
    if not found:
        raise NotFound
    return Response(index(found), mimetype="application/xml")


def _error(status: int) -> Any:
    """Show the page of a status to those who write it."""
    if status not in default_exceptions:
        raise NotFound
    abort(status)


def _usual_robots() -> Iterator[str]:
    yield "User-agent: *"
    # Nobody finds a site that is being written.
    yield "Disallow: /" if current().development else "Disallow:"
    if sitemaps(request.host_url):
        yield f"Sitemap: {request.host_url}sitemap.xml"
    yield from (f"Sitemap: {url}" for url in elsewhere(request.host_url))


def _age() -> int | None:
    return None if current().development else _A_WHILE


def _own_url(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
    """Build the address of its own endpoint by the name that others use."""
    service, _, name = endpoint.partition(".")
    if service != LAYOUT or not name:
        raise error
    return url_for(name, **values)
