"""What stands in the place of a fragment."""

import logging
from collections.abc import Callable

from .missing import stand_in, tell
from .piece import Piece


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
