"""The pages that show what there is."""

from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import gather, login_required, visitor
from web import moths, neighbours


pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    """Show the news, the best of today and ever, and what was just played."""
    return render_template("home.html")


@pages.route("/moths", methods=["GET", "POST"])
@login_required
def choose() -> ResponseReturnValue:
    """Let a player choose a moth."""
    if request.method == "POST":
        kind = request.form.get("kind", "")
        if kind not in moths.BY_KIND:
            abort(404)
        neighbours.hatch(visitor.id, kind)
        moths.choose(kind)
        return redirect(url_for(".lobby"), 303)
    kept = neighbours.moths(visitor.id)
    known = {moth["kind"]: moth for moth in (kept or {}).get("moths", ())}
    return render_template("choose.html", known=known, kept=kept)


@pages.get("/lobby")
def lobby() -> ResponseReturnValue:
    """Show who is here, and the way into a night."""
    return render_template("lobby.html")


@pages.get("/players/<name>")
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


@pages.get("/days/<day>")
def day(day: str) -> ResponseReturnValue:
    """Show the best matches of a day."""
    try:
        of = date.fromisoformat(day)
    except ValueError:
        abort(404)
    before = of - timedelta(days=1) if of > date.min else None
    after = of + timedelta(days=1) if of < _today() else None
    return render_template("day.html", of=of, before=before, after=after)


@pages.get("/today")
def today() -> ResponseReturnValue:
    """Lead to the best matches of today."""
    return redirect(url_for(".day", day=_today().isoformat()))


def _today() -> date:
    return datetime.now(UTC).date()
