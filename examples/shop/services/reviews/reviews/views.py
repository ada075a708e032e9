"""The JSON interface."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from reviews import store


MAX_NAME, MAX_TEXT = 200, 1000

api = Blueprint("api", __name__)


@api.get("/designs/<design>")
def show(design: str) -> ResponseReturnValue:
    """Return what is said about a design, the newest first."""
    return _public(store.of(design))


@api.post("/designs/<design>")
def add(design: str) -> ResponseReturnValue:
    """Add `{"name": …, "stars": 1 to 5, "text": …}`."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "the body must be an object")
    stars = body.get("stars")
    if type(stars) is not int or not 1 <= stars <= 5:
        abort(400, "`stars` must be a number from 1 to 5")
    review = {
        "name": _text(body, "name", MAX_NAME),
        "stars": stars,
        "text": _text(body, "text", MAX_TEXT),
        "day": datetime.now(UTC).date().isoformat(),
    }
    return _public(store.add(design, review)), 201


def _text(body: dict[str, Any], key: str, longest: int) -> str:
    value = body.get(key)
    if not (isinstance(value, str) and 0 < len(value.strip()) <= longest):
        abort(400, f"`{key}` must be text of at most {longest} characters")
    return value.strip()


def _public(document: dict[str, Any]) -> dict[str, Any]:
    count = document.get("count", 0)
    return {
        "count": count,
        "mean": round(document["stars"] / count, 1) if count else None,
        "reviews": document.get("reviews", []),
    }
