"""The JSON interface."""

from math import isqrt
from typing import Any

from flask import Flask, abort, request
from flask.typing import ResponseReturnValue

from characters import store


KINDS = ("luna", "hawk", "tiger")
CHARMS = (
    "a brass button",
    "a glass bead",
    "a moonstone",
    "a silver thimble",
    "a pearl",
)
CAUGHT_FOR_A_CHARM = 20

app = Flask(__name__, static_folder=None)


@app.get("/moths/<player>")
def moths(player: str) -> ResponseReturnValue:
    """Return a player's moths."""
    return {"moths": [_public(moth) for moth in store.moths(player)]}


@app.put("/moths/<player>/<kind>")
def hatch(player: str, kind: str) -> ResponseReturnValue:
    """Make a moth, where it is missing, and return it."""
    if kind not in KINDS:
        abort(404)
    store.hatch(player, kind)
    return _public(store.moth(player, kind))


@app.put("/moths/<player>/<kind>/matches/<match>")
def reward(player: str, kind: str, match: str) -> ResponseReturnValue:
    """Let a moth learn from a match that came to `{"score": …, "caught": …}`.

    To tell it twice changes nothing.
    """
    body = request.get_json()
    earned = body["caught"] + body["score"] // 20
    found = []
    if body["caught"] >= CAUGHT_FOR_A_CHARM:
        charm = CHARMS[sum(match.encode()) % len(CHARMS)]
        found.append({"charm": charm, "match": match})
    store.reward(player, kind, match, earned, found)
    return _public(store.moth(player, kind)) | {"earned": earned}


def level(experience: int) -> int:
    """Return the level: 1, then one more at 20, 80, 180, 320, …."""
    return 1 + isqrt(experience // 20)


def _public(moth: store.Item | None) -> dict[str, Any]:
    if moth is None:
        abort(404)
    # Numbers of DynamoDB are decimal.
    experience = int(moth["experience"])
    return {
        "kind": moth["kind"],
        "experience": experience,
        "level": level(experience),
        "inventory": moth["inventory"],
    }
