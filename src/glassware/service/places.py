"""How many calls to one neighbour are under way at once."""

import threading
from collections import deque


class Places:
    """Places that are taken in the order of asking.

    `threading.Semaphore` does the same at more than twice the price, and each
    call pays it.

    Args:
        limit: How many there are.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    def take(self, patience: float) -> bool:
        """Take a place; tell whether one was free within `patience` seconds."""
        with self._lock:
            if self.taken < self.limit:
                self.taken += 1
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            if turn.wait(patience):
                return True
        except BaseException:
            if not self._withdraw(turn):
                self.give()
            raise
        return not self._withdraw(turn)

    def _withdraw(self, turn: threading.Event) -> bool:
        """Wait no more; tell whether the turn had not come by then."""
        with self._lock:
            if turn.is_set():
                return False
            self._waiting.remove(turn)
            return True

    def give(self) -> None:
        """Give a place back: to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self.taken -= 1
