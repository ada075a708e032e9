"""Who is looking: a name that has entered, and the moth that was chosen."""

from flask import Flask, g, request, session
from werkzeug.exceptions import Forbidden

from web import neighbours


def init_app(app: Flask) -> None:
    """Let every page know."""
    app.before_request(_begin)
    app.context_processor(
        lambda: {"player": name(), "chosen": moth(), "away": g.get("away", set())}
    )
    app.add_template_filter(shown_name)


def name() -> str | None:
    """Return who is looking; `None`: somebody who has not entered."""
    return session.get("player")


def required() -> str:
    """Return who is looking.

    Raises:
        Forbidden: Nobody has entered.
    """
    known = name()
    if known is None:
        raise Forbidden
    return known


def moth() -> str | None:
    """Return the kind of the moth that was chosen."""
    return session.get("moth")


def enter(player: str) -> None:
    """Remember who it is."""
    session.clear()
    session["player"] = player
    session.permanent = True


def choose(kind: str) -> None:
    """Remember the moth."""
    session["moth"] = kind


def leave() -> None:
    """Forget who it was."""
    session.clear()


def shown_name(player: str) -> str:
    """Return a name as lists show it."""
    return "(hidden)" if player in g.get("hidden", ()) else player


def hide(names: list[str]) -> None:
    """Let lists not show these names."""
    g.hidden = set(names)


def _begin() -> None:
    g.away = set()
    known = name()
    if known and request.endpoint != "static":
        neighbours.see(known)
