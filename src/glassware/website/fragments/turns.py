"""Pieces that are made in this process: by one thread, one after another.

A thread for each would make none of them sooner, because one thread of Python runs at
a time, and handing over to the next costs about half of what a small piece does. So
does a thread beside that of the page: they begin when the page waits, or a moment
later. But a piece that waits for something must not keep the others waiting: where none
has begun for a moment, each that is left gets a thread of its own.
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
        """Take in a piece; tell whether a thread comes to it soon."""
        with self._lock:
            self._waiting.append(piece)
            watch, self._watched = not self._watched, True
            self._began = time.monotonic()
        if watch and not self._pool.start(self._watch):
            self._watched = False
            return False
        return True

    def go(self) -> bool:
        """Begin, as somebody waits now; tell whether a thread was free."""
        with self._lock:
            if self._threads or not self._waiting:
                return True
            self._threads += 1
        return self._start()

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
                # Until somebody waits for them, one thread is enough.
                more = left if self._threads else 1
                self._threads += more
            for _ in range(more):
                self._start()
