"""`glassware.fragment`: the HTML of a fragment at once, for any code."""

from contextlib import suppress
from typing import Any

from markupsafe import Markup

from glassware.current import read_flask

from .beginning import want
from .html import html_of
from .piece import Piece


def fragment(
    name: str,
    /,
    *,
    deadline: float | None = None,
    fallback: str = "",
    **values: Any,
) -> Markup:
    """Return the HTML of a fragment, now.

        basket = fragment("cart.mini", deadline=0.3)

    Templates of Flask have a function of the same name that does not wait. Its
    cookies and its status reach nobody.

    Args:
        name: `SERVICE.ENDPOINT`.
        deadline: Seconds that it may take; 1 unless told, in development 5; never
            more than is left of the request that is being answered.
        fallback: HTML that stands there if it fails.
        **values: For its rule; others are its query.

    Raises:
        ValueError: The deadline is none.
    """
    caller = (lambda: fallback) if fallback else None
    piece = Piece(name=name, values=values, caller=caller)
    if want(piece, _flasks_application(), deadline):
        # What is kept and no longer fresh is renewed when it is asked for next.
        piece.fetch(lambda renew: renew())
    return Markup(html_of(piece))  # noqa: S704 - it is enclosed


def _flasks_application() -> Any:
    if read_flask() is None:
        return None
    import flask  # noqa: PLC0415 - other frameworks have none

    with suppress(RuntimeError):
        current: Any = flask.current_app
        return current._get_current_object()  # noqa: SLF001 - documented by Werkzeug
    return None
