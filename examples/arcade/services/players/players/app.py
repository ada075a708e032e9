"""The pages at which visitors enter and leave, and what neighbours ask for."""

import re
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from glassware import identity
from players import store
from players.store import Player


NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,15}")
MIN_PASSWORD, MAX_PASSWORD = 8, 200
BEST = 10
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

app = Flask(__name__, static_folder=None)


@app.after_request
def keep_in_place(response: Response) -> Response:
    """Let pages load nothing from elsewhere and be framed by nobody."""
    response.headers["Content-Security-Policy"] = POLICY
    return response


@app.get("/enter")
def enter() -> ResponseReturnValue:
    """Ask for a name and a password."""
    return render_template("enter.html", errors={})


@app.post("/enter")
def check() -> ResponseReturnValue:
    """Let somebody in: a name that nobody has is theirs now."""
    name = request.form.get("name", "").strip().lower()
    password = request.form.get("password", "")
    if errors := _wrong(name, password):
        return render_template("enter.html", errors=errors), 422
    known = store.find(name) or store.add(name, generate_password_hash(password))
    if known is None or not check_password_hash(known.password_hash, password):
        errors = {"password": "Somebody has this name, and another password."}
        return render_template("enter.html", errors=errors), 403
    identity.sign_in(name)
    return redirect(identity.next_url(url_for("web.choose")), 303)


@app.post("/leave")
def leave() -> ResponseReturnValue:
    """Forget who it was, in every service."""
    identity.sign_out()
    return redirect(url_for("web.home"), 303)


@app.get("/best")
def best() -> ResponseReturnValue:
    """Show the best players of all time, as a piece of a page."""
    return render_template("best.html", best=store.best(BEST))


@app.get("/players/<name>")
def show(name: str) -> ResponseReturnValue:
    """Return a player."""
    return _public(store.find(name))


@app.put("/players/<name>/best")
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


def _public(player: Player | None) -> dict[str, Any]:
    if player is None:
        abort(404)
    since = player.since.date().isoformat()
    return {"name": player.name, "best": player.best, "since": since}
