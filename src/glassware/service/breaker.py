"""A circuit breaker: a neighbour that keeps failing is left alone for a while.

Closed, it counts failures in a row. Open, it lets nobody through until a
pause is over, then one call. That one closes it, or opens it for twice as
long. Nothing is held while a call is under way.
"""

import random
import threading
import time
from collections.abc import Callable


SHORTEST = 0.5
LONGEST = 10.0


class Open(Exception):  # a finding, not a fault
    """Nobody is let through now.

    Args:
        failures: How many there were in a row.
        since: Seconds for which it has been open.
        again: Seconds until the next call may try.
        reason: The last failure.
    """

    def __init__(
        self, failures: int, since: float, again: float, reason: object
    ) -> None:
        super().__init__(reason)
        self.failures = failures
        self.since = since
        self.again = again
        self.reason = reason


class Breaker:
    """Tells whether a call may be made, by how the calls before it ended.

    `admit` gives each call the number of the era that it belongs to. What a
    call reports counts in its own era alone: whoever began before the circuit
    opened neither closes it nor keeps it open.

    Args:
        limit: Failures in a row that open it; 0: it never opens.
        clock: Says what time it is; never set back.
        jitter: Picks a number between two.
    """

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._era = 0
        self._failures = 0
        self._openings = 0
        self._since = 0.0
        self._reason: object = None
        self._again: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether it holds calls back."""
        return self._again is not None

    def admit(self) -> int:
        """Return the era of a call that may be made.

        Raises:
            Open: It may not.
        """
        if not self.is_open:
            return self._era
        with self._lock:
            again = self._again
            if again is None:
                return self._era
            now = self._clock()
            if now < again:
                raise Open(self._failures, now - self._since, again - now, self._reason)
            # Whoever has not reported by then is taken for lost.
            self._again = now + LONGEST
            self._era += 1
            return self._era

    def succeeded(self, era: int) -> bool:
        """Take note of a good end; tell whether it has closed the circuit."""
        if self._failures == 0:
            return False
        with self._lock:
            if era != self._era:
                return False
            closed = self._again is not None
            self._failures = self._openings = 0
            self._again = None
            return closed

    def failed(self, era: int, reason: object) -> bool:
        """Take note of a failure; tell whether it has opened a closed circuit."""
        with self._lock:
            if era != self._era or not self._limit:
                return False
            self._failures += 1
            if self._again is None and self._failures < self._limit:
                return False
            opened = self._again is None
            self._open(reason)
            return opened

    def undecided(self, era: int) -> None:
        """Take note of an end that tells nothing; another call may try at once."""
        with self._lock:
            if era == self._era and self._again is not None:
                self._again = self._clock()

    def hurry(self) -> None:
        """Let the next call try at once: something is known to have changed."""
        with self._lock:
            if self._again is not None:
                self._again = self._clock()
                self._openings = 0

    def _open(self, reason: object) -> None:
        now = self._clock()
        if self._again is None:
            self._since = now
        pause = self._jitter(1.0, 2.0) * SHORTEST * 2.0 ** min(self._openings, 10)
        self._again = now + min(LONGEST, pause)
        self._openings += 1
        self._era += 1
        self._reason = reason
