"""The beginning of a fragment: where it is, and when it must be there."""

import dataclasses
import math
import time
from typing import Any

from glassware.current import read_flask
from glassware.service import settings
from glassware.service.deadline import by
from glassware.service.encoding import check_timeout
from glassware.service.incoming import current_request

from .call import Wanted
from .piece import Piece
from .target import find_target


DEADLINE = 1.0
"""Seconds that a fragment may take where nobody said."""

DEVELOPING = 5.0
"""The same in development, where a neighbour may be just restarting."""

_SHARE = 0.9


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
