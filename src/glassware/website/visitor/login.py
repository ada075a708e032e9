"""Views that are for visitors who have signed in, or for some of them."""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar, overload
from urllib.parse import quote, urlsplit

from flask import abort, current_app, redirect, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import BuildError

from glassware.errors import UsageError
from glassware.service.incoming import current_request
from glassware.service.settings import current
from glassware.service.visits import visiting_of

from .proxy import visitor


View = TypeVar("View", bound=Callable[..., Any])

_JSON = "application/json"
# What a path may hold unescaped, as RFC 3986 has it.
_SAFE = "/:@!$&'()*+,;=-._~"


class SignInFirst(Unauthorized):
    """The answer to an anonymous visitor who cannot be led to the sign-in page."""

    description = "Sign in first."

    def get_body(self, *args: Any, **named: Any) -> str:
        """Return JSON where it is asked for, otherwise a short page."""
        if _wants_json():
            told = {"error": "sign in first", "sign_in": sign_in_page()}
            return json.dumps(told) + "\n"
        return super().get_body(*args, **named)

    def get_headers(self, *args: Any, **named: Any) -> list[tuple[str, str]]:
        """Return those that belong to the body."""
        if _wants_json():
            return [("Content-Type", _JSON)]
        return super().get_headers(*args, **named)


@overload
def login_required(view: View, /) -> View: ...
@overload
def login_required(view: None = None, /) -> Callable[[View], View]: ...
def login_required(view: Any = None, /) -> Any:
    """Let a view answer visitors alone who have signed in.

        @app.get("/orders")
        @login_required
        def orders(): ...

    Another one's browser is sent to the site's sign-in page, with `next=` for the
    way back; forms, scripts, neighbours and fragments get a 401.

    Args:
        view: Of Flask, sync or async.
    """
    return _guarding(())(view) if view is not None else _guarding(())


def requires(*roles: str) -> Callable[[View], View]:
    """Let a view answer visitors alone who have every one of these roles.

    Who has signed in without them gets a 403, anybody else what `login_required`
    gives them.

    Args:
        *roles: As `sign_in` was given them.

    Raises:
        UsageError: No role is named.
    """
    if not roles or not all(isinstance(role, str) for role in roles):
        raise UsageError('`requires` names a role, such as `@requires("admin")`')
    return _guarding(roles)


def turn_away() -> Any:
    """Return what an anonymous visitor is answered with.

    Raises:
        SignInFirst: A redirect would help nobody.
    """
    page = sign_in_page(_here()) if _is_shown() else ""
    if not page:
        raise SignInFirst
    return redirect(page, HTTPStatus.FOUND)


def sign_in_page(back: str | None = None) -> str:
    """Return the address of the page to sign in at; empty: there is none.

    Args:
        back: Where the visitor is to come back to: a path here, or an address.
    """
    name = visiting_of(current()).sign_in
    if not name:
        return ""
    try:
        page = url_for(name)
        if not back:
            return page
        # On another host, the way back is a whole address.
        if back.startswith("/") and urlsplit(page).netloc:
            back = request.host_url.rstrip("/") + back
        return url_for(name, next=back)
    except BuildError:
        current_app.logger.exception("nobody can be sent to the sign-in page")
        return ""


def _guarding(roles: tuple[str, ...]) -> Callable[[Any], Any]:
    def guarding(view: Any) -> Any:
        @wraps(view)
        def guarded(*args: Any, **named: Any) -> Any:
            # A browser asks in this way whether it may ask, and names nobody.
            if request.method != "OPTIONS":
                if not visitor.is_signed_in:
                    return turn_away()
                if not set(roles).issubset(visitor.roles):
                    _forbid(roles)
            return current_app.ensure_sync(view)(*args, **named)

        return guarded

    return guarding


def _forbid(roles: tuple[str, ...]) -> NoReturn:
    named = " and ".join(f"`{role}`" for role in roles)
    abort(HTTPStatus.FORBIDDEN, f"This is for visitors who are {named}.")


def _is_shown() -> bool:
    """Tell whether a browser will show the answer as a page of its own."""
    asked = current_request()
    if request.method not in {"GET", "HEAD"} or asked is None:
        return False
    headers = request.headers
    if asked.fragment or asked.via or "HX-Request" in headers or _wants_json():
        return False
    if headers.get("X-Requested-With") == "XMLHttpRequest":
        return False
    return headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _wants_json() -> bool:
    kinds = request.accept_mimetypes
    return kinds[_JSON] > kinds["text/html"] or (not kinds and request.is_json)


def _here() -> str:
    """Return the public path and query of the request."""
    # A prefix that the gateway takes off is in no path any more.
    root = request.script_root or request.headers.get("X-Forwarded-Prefix", "")
    path = quote(f"{root}{request.path}", safe=_SAFE)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path
