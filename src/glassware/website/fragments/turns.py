"""Pieces that are made in this process: by one thread, one after another.

A thread for each would make none of them sooner, because one thread of Python runs at
a time, and handing over to the next costs about half of what a small piece does. But
one that waits for something must not keep the others waiting: where nothing has begun
for a moment, each that is left gets a thread of its own.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from glassware.current import members
from glassware.service.pool import Pool

from .piece import Piece


PATIENCE = 0.002
"""Seconds that a piece may keep the others waiting."""


def is_near(piece: Piece) -> bool:
    """Tell whether a piece is made in this process."""
    if piece.wanted is None:
        return False
    target = piece.wanted.target
    member = members.get(target.service)
    return target.own or (member is not None and member.call is not None)


class Turns:
    """The pieces of one page that are made in this process.

    Args:
        pool: Where the threads come from.
        fetch: Makes a piece; raises nothing.
    """

    def __init__(self, pool: Pool, fetch: Callable[[Piece], None]) -> None:
        self._pool = pool
        self._fetch = fetch
        self._lock = threading.Lock()
        self._waiting: deque[Piece] = deque()
        self._threads = 0
        self._watched = False
        self._began = 0.0

    def add(self, piece: Piece) -> bool:
        """Take in a piece; tell whether a thread comes to it by itself."""
        with self._lock:
            self._waiting.append(piece)
            first = self._threads == 0
            watch = not (first or self._watched)
            self._threads += first
            self._watched |= watch
        if first:
            return self._start()
        if watch and not self._pool.start(self._watch):
            self._watched = False
            return False
        return True

    def take(self) -> Piece | None:
        """Return the next piece, for whoever makes it; `None`: none is waiting."""
        with self._lock:
            if not self._waiting:
                return None
            self._began = time.monotonic()
            return self._waiting.popleft()

    def _start(self) -> bool:
        if self._pool.start(self._work):
            return True
        with self._lock:
            self._threads -= 1
        return False

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                self._began = time.monotonic()
                piece = self._waiting.popleft()
            self._fetch(piece)

    def _watch(self) -> None:
        while True:
            time.sleep(PATIENCE)
            with self._lock:
                left = len(self._waiting)
                if not left:
                    self._watched = False
                    return
                if time.monotonic() - self._began < PATIENCE:
                    continue
                self._threads += left
            for _ in range(left):
                self._start()
