"""The JSON interface, and a piece of a page."""

from typing import Any

from flask import Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from replays import store
from replays.judge import KINDS, Foul, as_json, judge


LATEST = 5

app = Flask(__name__, static_folder=None)


@app.get("/latest")
def latest() -> ResponseReturnValue:
    """Show the newest replays."""
    return render_template("latest.html", replays=store.latest(LATEST))


@app.get("/replays/<match>")
def show(match: str) -> ResponseReturnValue:
    """Return a replay: whose it is, the moves, and what they came to."""
    replay = store.find(match)
    if replay is None:
        abort(404)
    return _public(replay)


@app.put("/replays/<match>")
def keep(match: str) -> ResponseReturnValue:
    """Judge the moves of a match and keep them; the first that come are the match's.

    The body is `{"player": …, "kind": …, "seed": …, "at": …, "moves": [[tick, keys], …]}`.
    """
    replay = _replay(request.get_json())
    try:
        verdict = judge(replay["seed"], replay["kind"], replay["moves"])
    except Foul as foul:
        return {"error": str(foul)}, 422
    return _public(store.keep(match, replay | as_json(verdict)))


def _replay(body: dict[str, Any]) -> dict[str, Any]:
    replay = {key: body.get(key) for key in ("player", "kind", "seed", "at", "moves")}
    if replay["kind"] not in KINDS or not isinstance(replay["moves"], list):
        abort(422)
    return replay


def _public(replay: dict[str, Any]) -> dict[str, Any]:
    return {"match": replay.pop("_id"), **replay}
