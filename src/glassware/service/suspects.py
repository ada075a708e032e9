"""Workers that failed just now, and are passed over while there are others."""

import random
import time
from collections.abc import Callable, Sequence


SHORTEST = 5.0
LONGEST = 30.0


class Suspects:
    """The workers of one neighbour that hung or cut a connection.

    Each is tried by one call when its time is over; what is no longer than
    half of the workers is passed over, and never more.

    Args:
        clock: Says what time it is; never set back.
        jitter: Picks a number between two.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._times: dict[str, tuple[float, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._times)

    def add(self, worker: str) -> None:
        """Take note that `worker` has failed."""
        _, before = self._times.get(worker, (0.0, SHORTEST / 2))
        pause = min(LONGEST, before * 2)
        self._times[worker] = self._until(pause), pause

    def clear(self, worker: str) -> None:
        """Take note that `worker` has answered."""
        self._times.pop(worker, None)

    def without(self, ready: Sequence[str]) -> list[str]:
        """Return the workers to choose from; forget those that are gone."""
        self._times = {w: self._times[w] for w in self._times if w in ready}
        if len(self._times) * 2 > len(ready):
            return list(ready)
        for worker, (until, pause) in self._times.items():
            if self._clock() >= until:
                self._times[worker] = self._until(pause), pause
                return [worker]
        return [worker for worker in ready if worker not in self._times]

    def _until(self, pause: float) -> float:
        return self._clock() + self._jitter(pause, 1.5 * pause)
