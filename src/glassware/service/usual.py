"""How long a neighbour takes where all is well, so that haste proves nothing."""

import math
import time
from collections.abc import Callable


HALF_LIFE = 300.0
"""Seconds after which half as long is believed of its slowest answer."""


class Usual:
    """The slowest of a neighbour's answers, forgotten little by little.

    Args:
        clock: Says what time it is; never set back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds = 0.0
        self._at = 0.0

    @property
    def slowest(self) -> float:
        """The seconds that an answer may well take; 0 where nothing is known."""
        age = self._clock() - self._at
        return self._seconds * math.exp2(-age / HALF_LIFE)

    def note(self, seconds: float) -> None:
        """Take note of an answer."""
        if seconds >= self.slowest:
            self._seconds, self._at = seconds, self._clock()
