"""The JSON interface, and pieces of pages."""

from typing import Any

from flask import Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from lobby import store


app = Flask(__name__, static_folder=None)


@app.get("/here")
def here() -> ResponseReturnValue:
    """Show who is here."""
    return render_template("here.html", here=store.here())


@app.get("/top")
def top() -> ResponseReturnValue:
    """Show today's best."""
    return render_template("top.html", top=store.top())


@app.put("/here/<player>")
def see(player: str) -> ResponseReturnValue:
    """Note that somebody is here."""
    store.see(player)
    return "", 204


@app.post("/rounds")
def begin() -> ResponseReturnValue:
    """Hand out a round to `{"player": …, "kind": …}`."""
    body = request.get_json()
    try:
        return store.begin(body["player"], body["kind"]), 201
    except store.TooMany:
        return {"error": "not so fast"}, 429


@app.get("/rounds/<number>")
def show(number: str) -> ResponseReturnValue:
    """Return a round; 404 when it is over for good."""
    return _round(number)


@app.put("/rounds/<number>/score")
def end(number: str) -> ResponseReturnValue:
    """Note the `{"score": …}` of a round."""
    store.end(_round(number), int(request.get_json()["score"]))
    return "", 204


def _round(number: str) -> dict[str, Any]:
    found = store.find(number)
    if found is None:
        abort(404)
    return found
