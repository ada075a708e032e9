"""Playing a night, and watching one."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import login_required, visitor
from web import moths, neighbours


# A night takes 30 seconds. Clocks of browsers differ a little.
SHORTEST = 28.0

pages = Blueprint("playing", __name__)


@pages.post("/play")
@login_required
def begin() -> ResponseReturnValue:
    """Take a round from the lobby."""
    kind = moths.chosen()
    if kind is None:
        return redirect(url_for("pages.choose"), 303)
    given = neighbours.begin(visitor.id, kind)
    return redirect(url_for(".play", number=given["id"]), 303)


@pages.get("/play/<number>")
@login_required
def play(number: str) -> ResponseReturnValue:
    """Show the game."""
    given = _own_round(number)
    kept = neighbours.moths(given["player"]) or {}
    levels = {moth["kind"]: moth["level"] for moth in kept.get("moths", ())}
    game = {
        "seed": given["seed"],
        "moth": moths.as_json(given["kind"]),
        "level": levels.get(given["kind"], 1),
        "finish": url_for(".finish", number=number),
    }
    return render_template("play.html", game=game)


@pages.post("/play/<number>")
@login_required
def finish(number: str) -> ResponseReturnValue:
    """Take the moves of a night: have them judged, then tell everybody.

    The page sends them again until everybody has been told.
    """
    given = _own_round(number)
    moves = request.get_json().get("moves")
    if given["age"] < SHORTEST:
        abort(409)
    if not isinstance(moves, list):
        abort(400)
    replay = neighbours.judge(given, moves)
    kept = neighbours.keep(given, replay)
    return {
        "score": replay["score"],
        "caught": replay["caught"],
        "hits": replay["hits"],
        "streak": replay["streak"],
        "moth": kept["characters"],
        "best": kept["players"],
        "kept": {"replays": True} | {name: bool(kept[name]) for name in kept},
        "watch": url_for(".watch", match=number),
    }


@pages.get("/watch/<match>")
def watch(match: str) -> ResponseReturnValue:
    """Show a night again."""
    replay = neighbours.replay(match)
    game = {
        "seed": replay["seed"],
        "moth": moths.as_json(replay["kind"]),
        "level": 1,
        "moves": replay["moves"],
    }
    return render_template("watch.html", replay=replay, game=game)


def _own_round(number: str) -> dict[str, Any]:
    given = neighbours.round_of(number)
    if given["player"] != visitor.id:
        abort(403)
    return given
