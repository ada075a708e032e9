"""What a service keeps with a visitor for others to read: sealed, so that none forges it.

A seal is a token that the service signs with a key of its own; the directory has
the public keys of all. It proves who wrote it, and for what, and for how long.
"""

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Response, current_app

from glassware.service.settings import current
from glassware.service.visits import is_secure, visiting_of
from glassware.tokens import LEEWAY, Key, NotVerified, Reader
from glassware.website import here


LARGEST = 3800
"""Characters of a sealed cookie: with its name it has 4 kB, which browsers take."""


class TooLarge(ValueError):
    """A cookie does not hold it."""


def seal(claims: Mapping[str, Any], audience: str, lifetime: float) -> str:
    """Return what this service says, sealed.

    Args:
        claims: What is said.
        audience: What, and for whom, it is.
        lifetime: Seconds that it counts.

    Raises:
        TooLarge: A cookie does not hold it.
        TypeError: It cannot be written as JSON.
        RuntimeError: The service has no key.
    """
    name, now = here.own_name(), int(time.time())
    standard = {"iss": name, "aud": audience, "iat": now, "exp": now + int(lifetime)}
    token = _own_key().write({**claims, **standard}, name)
    if len(token) > LARGEST:
        raise TooLarge(f"it makes {len(token)} characters, and a cookie has {LARGEST}")
    return token


def unseal(token: str, issuer: str, audience: str) -> dict[str, Any] | None:
    """Return what a service said; `None`: this proves nothing, or no longer."""
    public = _public_key(issuer)
    if not public or len(token) > LARGEST:
        return None
    try:
        claims: dict[str, Any] = json.loads(_verified(token, public, issuer, audience))
        return claims if time.time() < float(claims["exp"]) + LEEWAY else None
    except (NotVerified, TypeError, ValueError):
        return None


def set_cookie(response: Response, name: str, value: str, lifetime: float) -> None:
    """Give a browser a cookie for the whole site; an empty value takes it back."""
    settings = current()
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime) if value else 0,
        path="/",
        domain=visiting_of(settings).domain or None,
        secure=is_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def _own_key() -> Key:
    if private := current().cookie_key:
        return _key(private)
    # Alone, under plain `flask run`, it is the only one that reads it.
    secret = current_app.secret_key
    if not secret:
        raise RuntimeError("nothing can be sealed: the application has no `SECRET_KEY`")
    return _derived(secret if isinstance(secret, str) else secret.hex())


def _public_key(service: str) -> str:
    if service == here.own_name():
        return _own_key().public
    entry = here.directory().services.get(service)
    return "" if entry is None else entry.key


@lru_cache(64)
def _key(private: str) -> Key:
    return Key(private)


@lru_cache(64)
def _derived(secret: str) -> Key:
    return Key.derived(secret, "cookies")


@lru_cache(256)
def _verified(token: str, public: str, issuer: str, audience: str) -> str:
    """Return the claims as JSON: whoever changes what it gets changes its own."""
    return json.dumps(_reader(public, issuer, audience).read(token))


@lru_cache(512)
def _reader(public: str, issuer: str, audience: str) -> Reader:
    return Reader({issuer: public}, issuer, audience, ())
