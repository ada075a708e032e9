"""What stands where a fragment is missing, and the line that says so."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from markupsafe import Markup, escape

from glassware.errors import GlasswareError
from glassware.service import settings

from .piece import Piece


log = logging.getLogger("glassware.fragments")

SILENCE = 10.0
"""Seconds in which the same is said once."""

MOST = 1000
"""How many things are remembered as said; visitors decide what some of them name."""


@dataclass(slots=True)
class _Said:
    at: float
    meanwhile: int = 0


class Quiet:
    """Says the same once in a while, and how often it has happened meanwhile.

    Args:
        clock: Says what time it is; never set back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: OrderedDict[tuple[str, ...], _Said] = OrderedDict()
        self._lock = threading.Lock()

    def more(self, *what: str) -> int | None:
        """Return how often it has happened since it was said; `None`: be quiet."""
        now = self._clock()
        with self._lock:
            before = self._said.get(what)
            if before is not None and now - before.at < SILENCE:
                before.meanwhile += 1
                return None
            self._said[what] = _Said(now)
            self._said.move_to_end(what)
            if len(self._said) > MOST:
                self._said.popitem(last=False)
            return 0 if before is None else before.meanwhile

    def forget(self) -> None:
        """Say everything anew."""
        with self._lock:
            self._said.clear()


quiet = Quiet()


def tell(level: int, name: str, what: str, why: str | BaseException) -> None:
    """Write a line about a fragment, unless the same was said just now.

    Args:
        level: Of the line.
        name: Of the fragment.
        what: What became of it.
        why: What was wrong; each kind of error is said by itself.
    """
    own = settings.current().service
    more = quiet.more(own, name, what, type(why).__name__)
    if more is not None:
        often = f" ({more} times more since this was said last)" if more else ""
        log.log(
            level,
            *("`%s` %s: %s%s", name, what, _said(why), often),
            exc_info=why if _has_more(why) else None,
        )


def stand_in(piece: Piece, problem: BaseException) -> str:
    """Return what stands where a fragment is missing: its fallback, or nothing.

    Args:
        piece: The fragment.
        problem: Why it is missing.
    """
    if piece.caller is not None:
        try:
            html = str(piece.caller())
        except Exception as error:
            log.exception("the block in place of `%s` failed, too", piece.name)
            return _gap(piece.name, error)
        tell(logging.WARNING, piece.name, "is missing, and its block is shown", problem)
        return html
    tell(logging.WARNING, piece.name, "is missing from the page", problem)
    return _gap(piece.name, problem)


def _said(why: str | BaseException) -> str:
    if isinstance(why, str | GlasswareError):
        return str(why)
    return f"{type(why).__name__}: {why}"


def _has_more(why: str | BaseException) -> TypeGuard[BaseException]:
    """Tell whether a traceback says more than the line does."""
    if isinstance(why, str):
        return False
    return why.__cause__ is not None or not isinstance(
        why, GlasswareError | LookupError
    )


def _gap(name: str, why: BaseException) -> str:
    if not settings.current().development:
        return ""
    text = Markup('<span class="glassware-missing" title="{}">[{} is missing]</span>')
    return text.format(escape(_said(why)), name)
