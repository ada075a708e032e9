"""Threads that run functions for whoever waits for them.

`concurrent.futures` starts all of its threads before it uses one again, waits
for them when Python ends, and lets work wait in a queue, where work that waits
for other work is a deadlock. This pool takes a function only if a thread can
begin with it at once.
"""

import os
import threading
from collections import deque
from collections.abc import Callable


LARGEST = 32
IDLE = 10.0


class Pool:
    """Threads, started when they are needed and ended when they are not.

    Args:
        largest: The most threads that there are.
        idle: Seconds after which a thread without work ends.
    """

    def __init__(self, largest: int = LARGEST, idle: float = IDLE) -> None:
        self._largest = largest
        self._idle = idle
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def start(self, function: Callable[[], None]) -> bool:
        """Begin with `function` in a thread; tell whether one was free.

        Args:
            function: Raises nothing.
        """
        with self._lock:
            if self._waiting:
                # The one that worked last: the others may come to their end.
                self._waiting.pop().give(function)
                return True
            if self._threads >= self._largest:
                return False
            self._threads += 1
        try:
            thread = threading.Thread(
                target=self._work, args=(function,), name="gather", daemon=True
            )
            thread.start()
        except RuntimeError:
            # The machine has no more threads, or Python is ending.
            with self._lock:
                self._threads -= 1
            return False
        return True

    def _work(self, function: Callable[[], None] | None) -> None:
        desk = _Desk()
        while function is not None:
            function()
            # What it refers to is not to live as long as this thread waits.
            function = None
            with self._lock:
                self._waiting.append(desk)
            function = desk.take(self._idle) or self._leave(desk)

    def _leave(self, desk: "_Desk") -> Callable[[], None] | None:
        """Leave, unless there is work after all."""
        with self._lock:
            if desk in self._waiting:
                self._waiting.remove(desk)
                self._threads -= 1
                return None
        return desk.take(self._idle)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Desk] = deque()
        self._threads = 0


class _Desk:
    """Where a thread waits for its next function."""

    def __init__(self) -> None:
        self._function: Callable[[], None] | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def give(self, function: Callable[[], None]) -> None:
        self._function = function
        self._gate.release()

    def take(self, patience: float) -> Callable[[], None] | None:
        if not self._gate.acquire(timeout=patience):
            return None
        function, self._function = self._function, None
        return function
