"""The JSON interface."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from matches import store
from matches.store import Match


COUNT = 20

api = Blueprint("api", __name__)


@api.put("/matches/<match>")
def add(match: str) -> ResponseReturnValue:
    """Keep a match; to send it twice changes nothing.

    The body is `{"player": …, "kind": …, "score": …, "caught": …, "at": seconds}`.
    """
    body = request.get_json()
    played = Match(
        match=match,
        player=body["player"],
        kind=body["kind"],
        score=body["score"],
        caught=body["caught"],
        at=datetime.fromtimestamp(body["at"], UTC),
    )
    store.add(played)
    return "", 204


@api.get("/players/<player>")
def of_player(player: str) -> ResponseReturnValue:
    """Return somebody's latest matches, and their totals."""
    matches = [_public(row) for row in store.of_player(player, COUNT)]
    return {"matches": matches, "total": store.total(f"player:{player}")}


@api.get("/days/<day>")
def of_day(day: str) -> ResponseReturnValue:
    """Return the best matches of a day, such as `2026-02-28`."""
    return {"matches": [_public(row) for row in store.of_day(day, COUNT)]}


@api.get("/total")
def total() -> ResponseReturnValue:
    """Return how many matches there were, and sparks that were caught."""
    return store.total()


def _public(row: Any) -> dict[str, Any]:
    # The driver's moments are in UTC, and do not say so.
    at = row.at.replace(tzinfo=UTC).isoformat(timespec="seconds")
    return {
        "match": row.match,
        "player": row.player,
        "kind": row.kind,
        "score": row.score,
        "at": at,
    }
