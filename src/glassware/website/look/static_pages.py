"""The pages of errors that nobody is asked for: the gateway shows them as they are.

They are made when the layout starts, for a visitor who is nobody, and without the
fragments of neighbours, which may not be there yet.
"""

import time
from collections.abc import Callable
from typing import Any

from flask import Flask, render_template
from werkzeug.exceptions import default_exceptions
from werkzeug.routing import BuildError

from glassware.service.settings import current

from .error_pages import is_of_none, place_of, templates_of


STATUSES = (403, 404, 405, 408, 413, 429, 431, 500, 502, 503, 504)
WAITS = 3.0
LOOKS_EVERY = 0.05
LARGEST = 64 * 1024
"""Of a page, in bytes: each is a part of many routes of the gateway."""

EXTENSION = "glassware.pages"
"""What an application of the gateway's pages has among its extensions."""

_TOLD = {
    403: "You may not do this here.",
    404: "There is nothing at this address.",
    408: "The request took too long to arrive.",
    413: "What was sent is too large.",
    429: "There were too many requests. Please try again in a moment.",
    431: "The request's headers are too large.",
    502: "This part of the site gave no proper answer.",
    503: "This part of the site does not answer right now. Please try again soon.",
    504: "This part of the site takes too long. Please try again soon.",
}


def add_pages(app: Flask) -> None:
    """Let a worker ask an application for the pages; see `worker`."""
    app.extensions[EXTENSION] = lambda: make_pages(app)


def make_pages(app: Flask) -> dict[str, str]:
    """Return the pages by status; one that cannot be made is left out.

    When a site starts for the first time, what the pages link to may not have said
    yet where it is: they are made again until it has, or for as long as may be.
    """
    settings = current()
    mount = settings.mounts[0] if settings.mounts else ""
    base = settings.url or "http://localhost"
    end = time.monotonic() + WAITS
    while True:
        with app.test_request_context("/", base_url=f"{base}{mount}"):
            made = {status: _made(status) for status in STATUSES}
        dead = any(isinstance(page, BuildError) for page in made.values())
        if not dead or time.monotonic() > end:
            break
        time.sleep(LOOKS_EVERY)
    return {str(n): page for n in STATUSES if (page := _checked(app, n, made[n]))}


def _made(status: int) -> str | Exception:
    error = default_exceptions.get(status, default_exceptions[500])()
    try:
        return render_template(
            [*templates_of(status)],
            status=status,
            title=error.name,
            description=_TOLD.get(status, ""),
            sign_in="",
            service="",
            trace="",
            fragment=_left_out,
        )
    except Exception as problem:  # noqa: BLE001 - whatever it is, the site goes on
        return problem


def _checked(app: Flask, status: int, made: str | Exception) -> str:
    """Return a page that can be shown, or nothing; its authors are told why."""
    if isinstance(made, Exception):
        if not is_of_none(made, status):
            told = place_of(made)
            app.logger.error(
                "the page of a %s cannot be made: %s", status, f"{told} {made}".strip()
            )
        return ""
    if len(made.encode()) > LARGEST:
        app.logger.error("the page of a %s is larger than %s bytes", status, LARGEST)
        return ""
    return made


def _left_out(*_: Any, caller: Callable[[], str] | None = None, **__: Any) -> str:
    """Stand for a fragment: what its block says in its place."""
    return caller() if caller is not None else ""
