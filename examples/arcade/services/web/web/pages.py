"""The pages that show what there is."""

from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import CallError, gather
from web import moths, neighbours, visitor


pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    """Show the news, the best of today and ever, and what was just played."""
    told, lobby, best, total, latest = gather(
        neighbours.told,
        neighbours.lobby,
        neighbours.best,
        neighbours.total,
        neighbours.latest,
    )
    visitor.hide(told["hidden"])
    return render_template(
        "home.html",
        news=told["news"],
        lobby=lobby,
        best=best,
        total=total,
        latest=latest,
    )


@pages.route("/enter", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    """Ask for a name and a password."""
    if request.method == "GET":
        return render_template("enter.html", errors={})
    name = request.form.get("name", "").strip().lower()
    try:
        player = neighbours.enter(name, request.form.get("password", ""))
    except neighbours.Refused as error:
        errors = error.answer.get("errors", {})
        return render_template("enter.html", errors=errors), error.status
    except CallError:
        errors = {"form": "Names cannot be looked up right now. Please try again."}
        return render_template("enter.html", errors=errors), 503
    visitor.enter(player["name"])
    return redirect(url_for(".choose"), 303)


@pages.post("/leave")
def leave() -> ResponseReturnValue:
    """Forget who is looking."""
    visitor.leave()
    return redirect(url_for(".home"), 303)


@pages.route("/moths", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Let a player choose a moth."""
    name = visitor.required()
    if request.method == "POST":
        kind = request.form.get("kind", "")
        if kind not in moths.BY_KIND:
            abort(404)
        neighbours.hatch(name, kind)
        visitor.choose(kind)
        return redirect(url_for(".lobby"), 303)
    found = neighbours.moths(name) or {}
    known = {moth["kind"]: moth for moth in found.get("moths", ())}
    return render_template("choose.html", known=known)


@pages.get("/lobby")
def lobby() -> ResponseReturnValue:
    """Show who is here, and the way into a night."""
    told, lobby = gather(neighbours.told, neighbours.lobby)
    visitor.hide(told["hidden"])
    return render_template("lobby.html", lobby=lobby)


@pages.get("/players/<name>")
def player(name: str) -> ResponseReturnValue:
    """Show a player: gathered from three neighbours, as far as they are there."""
    told, found, kept, history = gather(
        neighbours.told,
        lambda: neighbours.player(name),
        lambda: neighbours.moths(name),
        lambda: neighbours.history(name),
    )
    if found == {} or name in told["hidden"]:
        abort(404)
    return render_template(
        "player.html", name=name, found=found, kept=kept, history=history
    )


@pages.get("/days/<day>")
def day(day: str) -> ResponseReturnValue:
    """Show the best matches of a day."""
    try:
        of = date.fromisoformat(day)
    except ValueError:
        abort(404)
    told, found = gather(neighbours.told, lambda: neighbours.day(of.isoformat()))
    visitor.hide(told["hidden"])
    before = of - timedelta(days=1) if of > date.min else None
    after = of + timedelta(days=1) if of < _today() else None
    return render_template("day.html", of=of, found=found, before=before, after=after)


@pages.get("/today")
def today() -> ResponseReturnValue:
    """Lead to the best matches of today."""
    return redirect(url_for(".day", day=_today().isoformat()))


def _today() -> date:
    return datetime.now(UTC).date()
