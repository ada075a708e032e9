"""What stands in the place of a fragment, and a fragment without a page."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from markupsafe import Markup

from glassware.current import read_flask
from glassware.service import settings
from glassware.service.deadline import by
from glassware.service.encoding import check_timeout
from glassware.service.incoming import current_request

from .call import Wanted
from .missing import stand_in, tell
from .piece import Piece
from .target import find_target


DEADLINE = 1.0
"""Seconds that a fragment may take where nobody said."""

DEVELOPING = 5.0
"""The same in development, where a neighbour may be just restarting."""

_SHARE = 0.9


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


def want(
    piece: Piece, app: Any, deadline: float | None = None, nonce: str = ""
) -> bool:
    """Find out where a fragment is; tell whether it can be asked for.

    Args:
        piece: The fragment.
        app: Flask's application that asks; `None`: it is none of Flask's.
        deadline: Seconds that it may take; `None`: as many as any.
        nonce: Of the page's Content-Security-Policy; empty: it has none.

    Raises:
        ValueError: The deadline is none.
    """
    try:
        target = find_target(app, piece.name, piece.values)
    except Exception as error:  # noqa: BLE001 - a page is more than one fragment
        piece.fail(error)
        return False
    piece.deadline, piece.until = deadline, due(deadline)
    piece.wanted = Wanted(
        app=app,
        target=target,
        nonce=nonce,
        environ=dict(read_flask() or {}) if target.own else {},
        until=piece.until,
    )
    return True


def begin_now(piece: Piece) -> None:
    """Let the time of a fragment begin that the page's own thread has come to."""
    piece.until = due(piece.deadline)
    if piece.wanted is not None:
        piece.wanted = dataclasses.replace(piece.wanted, until=piece.until)


def due(deadline: float | None) -> float:
    """Return when a fragment must be there, by `time.monotonic`."""
    usual = DEVELOPING if settings.current().development else DEADLINE
    seconds = usual if deadline is None else check_timeout(deadline)
    until = by(current_request())
    now = time.monotonic()
    if until == math.inf:
        return now + seconds
    # The page itself needs some of its time after that.
    return now + min(seconds, max(0.0, until - now) * _SHARE)


def html_of(piece: Piece, take: Callable[[Piece], None] | None = None) -> str:
    """Return the HTML of a fragment, or what stands in for it.

    Args:
        piece: One that has been waited for.
        take: Takes in what it needs besides.
    """
    problem = piece.problem()
    if problem is not None:
        return stand_in(piece, problem)
    html, faults = piece.html()
    if faults:
        tell(logging.WARNING, piece.name, "was mended", "; ".join(faults))
    if take is not None and piece.header("Link"):
        take(piece)
    return html


def _flasks_application() -> Any:
    if read_flask() is None:
        return None
    import flask  # noqa: PLC0415 - other frameworks have none

    with suppress(RuntimeError):
        current: Any = flask.current_app
        return current._get_current_object()  # noqa: SLF001 - documented by Werkzeug
    return None
