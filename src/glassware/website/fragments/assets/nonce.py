"""One nonce for each page: that of its Content-Security-Policy."""

import re
from secrets import token_urlsafe
from typing import Any

from flask import Flask, current_app, has_request_context, request

from glassware.service.incoming import current_request
from glassware.website.hooks import before_all


_KEY = "glassware.nonce"
_NONCE = re.compile(r"[A-Za-z0-9+/_-]{16,128}={0,2}")


def init_app(app: Flask) -> None:
    """Give templates `csp_nonce`, unless the application has its own."""
    app.jinja_env.globals.setdefault("csp_nonce", csp_nonce)
    # Before what the application does before a request, where nonces are made.
    before_all(app, _tell_others)


def csp_nonce() -> str:
    """Return the nonce of the page that is being made, for its Content-Security-Policy.

    Within a page it is always the same, also in its fragments. An application's own
    `csp_nonce` of its templates, such as that of Flask-Talisman, is asked instead.

    Returns:
        Empty, where no page is being made, or one without a nonce.
    """
    if not has_request_context():
        return ""
    pages = _of_the_page()
    if pages is not None:
        return pages
    own = current_app.jinja_env.globals.get("csp_nonce")
    if callable(own) and own is not csp_nonce:
        return str(own())
    made: str = request.environ.setdefault(_KEY, token_urlsafe(16))
    return made


def in_fragment() -> bool:
    """Tell whether what is being made becomes a piece of somebody's page."""
    asked = current_request()
    return asked is not None and bool(asked.fragment)


def _of_the_page() -> str | None:
    """Return what the page has said; `None`: this is a page."""
    asked = current_request()
    if asked is None or not asked.fragment:
        return None
    return asked.fragment if _NONCE.fullmatch(asked.fragment) else ""


def _tell_others(_environ: dict[str, Any]) -> None:
    pages = _of_the_page()
    if pages:
        # Flask-Talisman and others keep theirs there.
        request.csp_nonce = pages  # type: ignore[attr-defined]
