"""The JSON interface, and pieces of pages."""

from datetime import UTC, datetime

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from matches import store
from matches.store import Match


COUNT = 20

app = Flask(__name__, static_folder=None)


@app.put("/matches/<match>")
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


@app.get("/players/<player>")
def of_player(player: str) -> ResponseReturnValue:
    """Show somebody's latest matches, and their totals."""
    matches, total = store.of_player(player, COUNT), store.total(f"player:{player}")
    return render_template("matches.html", matches=matches, total=total)


@app.get("/days/<day>")
def of_day(day: str) -> ResponseReturnValue:
    """Show the best matches of a day, such as `2026-02-28`."""
    return render_template("matches.html", matches=store.of_day(day, COUNT))


@app.get("/total")
def total() -> ResponseReturnValue:
    """Show how many matches there were, and sparks that were caught."""
    return render_template("total.html", **store.total())
