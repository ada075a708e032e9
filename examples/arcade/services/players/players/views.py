"""The JSON interface, for neighbours."""

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from players import store
from players.store import Player


api = Blueprint("api", __name__)


@api.get("/players/<name>")
def show(name: str) -> ResponseReturnValue:
    """Return a player."""
    return _public(store.find(name))


@api.put("/players/<name>/best")
def raise_best(name: str) -> ResponseReturnValue:
    """Note a `{"score": …}`, where it is the player's best."""
    return _public(store.raise_best(name, int(request.get_json()["score"])))


def _public(player: Player | None) -> dict[str, Any]:
    if player is None:
        abort(404)
    since = player.since.date().isoformat()
    return {"name": player.name, "best": player.best, "since": since}
