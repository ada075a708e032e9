"""How much time is left."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from glassware.current import Incoming

from .encoding import check_timeout
from .incoming import current_request


_within: ContextVar[float] = ContextVar("within", default=math.inf)


class Deadline:
    """The time until whoever asked has given up.

    It is that of the request being answered, or an earlier one set by `within`.
    """

    def remaining(self) -> float | None:
        """Return the seconds that are left, never below 0; `None`: no limit."""
        until = by(current_request())
        return None if until == math.inf else max(0.0, until - time.monotonic())

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give everything that is called within the block so many seconds.

        It never gives more than there was before.

        Args:
            seconds: For all of it.
        """
        until = time.monotonic() + check_timeout(seconds)
        token = _within.set(min(until, _within.get()))
        try:
            yield
        finally:
            _within.reset(token)


deadline = Deadline()


def by(asked: Incoming | None) -> float:
    """Return when all must be done, by `time.monotonic`; infinite: at no time."""
    until = _within.get()
    if asked is None or asked.deadline is None:
        return until
    return min(until, asked.deadline)


def limit_to(until: float) -> None:
    """Let nothing in this context go on after `until`, by `time.monotonic`."""
    _within.set(min(until, _within.get()))
