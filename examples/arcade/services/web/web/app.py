"""The pages, and the way through a night."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import gather, login_required, visitor
from web import moths, neighbours


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

# A night takes 30 seconds. Clocks of browsers differ a little.
SHORTEST = 28.0

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
app.add_template_global(neighbours.hidden, "hidden_names")
moths.init_app(app)


@app.before_request
def see() -> None:
    """Let the lobby know who is here."""
    if request.endpoint != "static" and visitor:
        neighbours.see(visitor.id)


@app.after_request
def add_headers(response: Response) -> Response:
    """Let pages load nothing from elsewhere and be framed by nobody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@app.get("/")
def home() -> ResponseReturnValue:
    """Show the news, the best of today and ever, and what was just played."""
    return render_template("home.html")


@app.route("/moths", methods=["GET", "POST"])
@login_required
def choose() -> ResponseReturnValue:
    """Let a player choose a moth."""
    if request.method == "POST":
        kind = request.form.get("kind", "")
        if kind not in moths.BY_KIND:
            abort(404)
        neighbours.hatch(visitor.id, kind)
        moths.choose(kind)
        return redirect(url_for("lobby"), 303)
    kept = neighbours.moths(visitor.id)
    known = {moth["kind"]: moth for moth in (kept or {}).get("moths", ())}
    return render_template("choose.html", known=known, kept=kept)


@app.get("/lobby")
def lobby() -> ResponseReturnValue:
    """Show who is here, and the way into a night."""
    return render_template("lobby.html")


@app.get("/players/<name>")
def player(name: str) -> ResponseReturnValue:
    """Show a player, as far as the neighbours are there."""
    hidden, found, kept = gather(
        neighbours.hidden,
        lambda: neighbours.player(name),
        lambda: neighbours.moths(name),
    )
    if found == {} or name in hidden:
        abort(404)
    return render_template("player.html", name=name, found=found, kept=kept)


@app.get("/days/<day>")
def day(day: str) -> ResponseReturnValue:
    """Show the best matches of a day."""
    try:
        of = date.fromisoformat(day)
    except ValueError:
        abort(404)
    before = of - timedelta(days=1) if of > date.min else None
    after = of + timedelta(days=1) if of < _today() else None
    return render_template("day.html", of=of, before=before, after=after)


@app.get("/today")
def today() -> ResponseReturnValue:
    """Lead to the best matches of today."""
    return redirect(url_for("day", day=_today().isoformat()))


@app.post("/play")
@login_required
def begin() -> ResponseReturnValue:
    """Take a round from the lobby."""
    kind = moths.chosen()
    if kind is None:
        return redirect(url_for("choose"), 303)
    given = neighbours.begin(visitor.id, kind)
    return redirect(url_for("play", number=given["id"]), 303)


@app.get("/play/<number>")
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
        "finish": url_for("finish", number=number),
    }
    return render_template("play.html", game=game)


@app.post("/play/<number>")
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
        "watch": url_for("watch", match=number),
    }


@app.get("/watch/<match>")
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


def _today() -> date:
    return datetime.now(UTC).date()
