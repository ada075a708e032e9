"""The site's session: what one service keeps with a visitor, every service may read."""

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from flask import Flask, Response, request

from glassware.errors import GlasswareError
from glassware.website import here
from glassware.website.fragments.cookies import SHARED
from glassware.website.hooks import after_request

from .seal import TooLarge, seal, set_cookie, unseal


LIFETIME = 31 * 86_400.0
"""Seconds that they live: as long as Flask's permanent sessions."""

_AUDIENCE = "site session"
_KEPT = "glassware.site_session"


class SiteSession(MutableMapping[str, Any]):
    """What services keep with a visitor for all others, by key.

        site_session["theme"] = "dark"  # in the service that shares `theme`
        site_session.get("theme", "light")  # in any

    Nothing is read before it is asked for. It belongs to the browser, not to who is
    signed in. A value that is changed in its place is not kept: set it anew.
    """

    def __getitem__(self, key: str) -> Any:
        owner = _owners().get(key, here.own_name() if _is_alone() else None)
        if owner is None:
            raise KeyError(key)
        return _values_of(owner)[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep a value, which must be one of JSON's.

        Raises:
            GlasswareError: Another service has this key, nobody has it, or there is
                too much in all.
            TypeError: It is no value of JSON's.
        """
        _check_owner(key)
        values = {**_values_of(here.own_name()), key: _as_json(key, value)}
        try:
            _kept()["sealed"] = seal({"values": values}, _AUDIENCE, LIFETIME)
        except TooLarge as error:
            raise GlasswareError(
                f"`{key}` is too much for the site's session: {error}",
                hint="keep the id of it, and the rest in a database",
            ) from None
        _kept()[here.own_name(), "values"] = values

    def __delitem__(self, key: str) -> None:
        """Forget a value.

        Raises:
            GlasswareError: Another service has this key.
            KeyError: There is none.
        """
        _check_owner(key)
        values = {**_values_of(here.own_name())}
        del values[key]
        sealed = seal({"values": values}, _AUDIENCE, LIFETIME) if values else ""
        _kept()["sealed"] = sealed
        _kept()[here.own_name(), "values"] = values

    def __iter__(self) -> Iterator[str]:
        """Return the keys that this visitor has, whoever has written them."""
        if _is_alone():
            yield from _values_of(here.own_name())
        for key, owner in _owners().items():
            if key in _values_of(owner):
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Forget what this service has written; that of others stays."""
        if _values_of(here.own_name()):
            _kept()["sealed"] = ""
            _kept()[here.own_name(), "values"] = {}

    def __repr__(self) -> str:
        return "<SiteSession>"


site_session = SiteSession()


def init_app(app: Flask) -> None:
    """Let an application's answers carry what it has written."""
    after_request(app, _answer)


def _answer(response: Response) -> Response:
    kept = request.environ.get(_KEPT)
    if kept is None:
        return response
    response.vary.add("Cookie")
    if "sealed" in kept:
        set_cookie(response, here.own_name() + SHARED, kept["sealed"], LIFETIME)
    return response


def _kept() -> dict[Any, Any]:
    kept: dict[Any, Any] = request.environ.setdefault(_KEPT, {})
    return kept


def _values_of(owner: str) -> dict[str, Any]:
    kept = _kept()
    if (owner, "values") not in kept:
        kept[owner, "values"] = _read(owner)
    values: dict[str, Any] = kept[owner, "values"]
    return values


def _read(owner: str) -> dict[str, Any]:
    token = request.cookies.get(owner + SHARED)
    claims = unseal(token, owner, _AUDIENCE) if token else None
    values = {} if claims is None else claims.get("values")
    return values if isinstance(values, dict) else {}


def _owners() -> dict[str, str]:
    return {
        key: name
        for name, entry in here.directory().services.items()
        for key in entry.shares
    }


def _is_alone() -> bool:
    return not here.own_name()


def _check_owner(key: str) -> None:
    if _is_alone():
        return
    name, owner = here.own_name(), _owners().get(key)
    if owner is None:
        raise GlasswareError(
            f"`{key}` of the site's session is nobody's",
            hint=f'shares = ["{key}"] in the `service.toml` of `{name}`',
        )
    if owner != name:
        raise GlasswareError(
            f"`{key}` of the site's session is `{owner}`'s, and `{name}` may only "
            "read it",
            hint=f"let `{owner}` set it: call it, or link to it",
        )


def _as_json(key: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{key}` of the site's session takes JSON: {error}") from None
