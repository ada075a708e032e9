"""Flash messages that survive a redirect into another service.

`flash` puts a message into the session of the service that says it, which the next
service cannot read. So an answer that leads there takes the messages along, in a
cookie that is sealed for that service; at its first request it puts them into its
own session, where Flask finds them as if they had been said there.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    get_flashed_messages,
    request,
    session,
)

from glassware.directory import Directory
from glassware.service.incoming import current_request
from glassware.service.settings import current
from glassware.service.visits import visiting_of
from glassware.website import here
from glassware.website.hooks import after_request

from .seal import TooLarge, seal, set_cookie, unseal


LIFETIME = 60.0
"""Seconds that a message is on its way at most."""

_MARK = "_flashes_"
_REDIRECTS = range(300, 400)
_TAKEN = "glassware.flashes"

Message = tuple[str, Any]


def init_app(app: Flask) -> None:
    """Let an application take messages along, and take in those of others."""
    app.before_request(_take_in)
    after_request(app, _answer)


def _take_in() -> None:
    """Let the messages of others be this service's own."""
    # Cookies are not taken apart for nothing.
    if _MARK not in request.environ.get("HTTP_COOKIE", ""):
        return
    ending = _MARK + here.own_name()
    names = [name for name in request.cookies if name.endswith(ending)]
    asked = current_request()
    if not names or not here.own_name() or (asked is not None and asked.fragment):
        return
    # A session that cannot be written says so, to whoever tries.
    if current_app.session_interface.is_null_session(session):
        return
    for name in names:
        for category, message in _messages(name.removesuffix(ending), name):
            flash(message, category)
    request.environ[_TAKEN] = names


def _answer(response: Response) -> Response:
    for name in request.environ.get(_TAKEN, ()):
        set_cookie(response, name, "", 0)
    if response.status_code in _REDIRECTS and response.location:
        target = _service_at(urljoin(request.url, response.location))
        if target and target != here.own_name():
            _send(response, target)
    return response


def _send(response: Response, target: str) -> None:
    """Take the messages of the session along; those that cannot go stay there."""
    said: Any = get_flashed_messages(with_categories=True)
    messages = [(category, _plain(message)) for category, message in said]
    going = [each for each in messages if _is_json(each)]
    staying = [each for each in messages if not _is_json(each)]
    sealed = ""
    while going and not sealed:
        try:
            sealed = seal({"messages": going}, f"flashes {target}", LIFETIME)
        except TooLarge:
            staying.insert(0, going.pop())
    for category, message in staying:
        flash(message, category)
    if sealed:
        name = f"{here.own_name()}{_MARK}{target}"
        set_cookie(response, name, sealed, LIFETIME)


def _messages(issuer: str, name: str) -> Iterator[Message]:
    audience = f"flashes {here.own_name()}"
    claims = unseal(request.cookies[name], issuer, audience)
    said = None if claims is None else claims.get("messages")
    for each in said if isinstance(said, list) else ():
        if isinstance(each, list) and len(each) == 2:  # noqa: PLR2004 - see `Message`
            yield str(each[0]), each[1]


def _plain(message: Any) -> Any:
    """Return a message without its promise to be safe HTML, which others don't take."""
    return str(message) if hasattr(message, "__html__") else message


def _is_json(message: Message) -> bool:
    try:
        json.dumps(message, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _service_at(url: str) -> str:
    """Return the service of this site that a visitor is led to; empty: none."""
    parts, directory = urlsplit(url), here.directory()
    if parts.scheme not in {"http", "https"}:
        return ""
    if parts.netloc != request.host and not _shares_cookies(parts.hostname, directory):
        return ""
    found = [
        (place.host != "", len(place.prefix), name)
        for name, entry in directory.services.items()
        for place in entry.places
        if place.host in {"", parts.hostname}
        and f"{parts.path or '/'}/".startswith(f"{place.prefix}/")
    ]
    return max(found)[2] if found else ""


def _shares_cookies(host: str | None, directory: Directory) -> bool:
    domain = visiting_of(current()).domain
    known = host in directory.hosts and domain
    return bool(known) and f".{host}".endswith(f".{domain}")
