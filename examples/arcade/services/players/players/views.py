"""The JSON interface."""

import re
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from players import store
from players.store import Player


NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,15}")
MIN_PASSWORD, MAX_PASSWORD = 8, 200
BEST = 10

api = Blueprint("api", __name__)


@api.get("/players")
def best() -> ResponseReturnValue:
    """Return the best players of all time."""
    return {"best": [_public(player) for player in store.best(BEST)]}


@api.post("/players")
def enter() -> ResponseReturnValue:
    """Let `{"name": …, "password": …}` in: a name that nobody has is theirs now."""
    body = request.get_json()
    name, password = str(body.get("name", "")).lower(), str(body.get("password", ""))
    if errors := _wrong(name, password):
        return {"errors": errors}, 422
    if known := store.find(name):
        return _verified(known, password)
    added = store.add(name, generate_password_hash(password))
    if added is None:
        abort(409)
    return _public(added), 201


@api.get("/players/<name>")
def show(name: str) -> ResponseReturnValue:
    """Return a player."""
    return _public(store.find(name))


@api.put("/players/<name>/best")
def raise_best(name: str) -> ResponseReturnValue:
    """Note a `{"score": …}`, where it is the player's best."""
    return _public(store.raise_best(name, int(request.get_json()["score"])))


def _wrong(name: str, password: str) -> dict[str, str]:
    errors = {}
    if not NAME.fullmatch(name):
        errors["name"] = "A name has 2 to 16 letters, digits or dashes."
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        errors["password"] = f"A password has at least {MIN_PASSWORD} characters."
    return errors


def _verified(player: Player, password: str) -> ResponseReturnValue:
    if check_password_hash(player.password_hash, password):
        return _public(player)
    text = "Somebody has this name, and another password."
    return {"errors": {"password": text}}, 403


def _public(player: Player | None) -> dict[str, Any]:
    if player is None:
        abort(404)
    since = player.since.date().isoformat()
    return {"name": player.name, "best": player.best, "since": since}
