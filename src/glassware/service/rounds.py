"""Functions that run at once: who runs which, and when it is over."""

import dataclasses
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from glassware.current import Incoming, incoming
from glassware.errors import DeadlineExceeded

from .deadline import limit_to
from .incoming import trace_of
from .pool import Pool


_pool = Pool()


class Round:
    """Functions that are run together.

    Args:
        functions: What is to be run.
        until: When all of them must be done, by `time.monotonic`.
        stop: Whether the first failure ends it.
    """

    def __init__(
        self, functions: Sequence[Callable[[], Any]], until: float, *, stop: bool
    ) -> None:
        self._functions = functions
        self._until = until
        self._stop = stop
        self._lock = threading.Lock()
        self._over = threading.Lock()
        self._over.acquire()
        self._waiting = deque(range(len(functions)))
        self._left = len(functions)
        self._done: dict[int, Any] = {}
        self._first: BaseException | None = None
        self._context = copy_context()

    def run(self, asked: Incoming | None) -> None:
        """Run the functions until all are done, one has failed, or time is over.

        Args:
            asked: The request that is being answered.
        """
        self._context.run(self._prepare, asked)
        try:
            if all(_pool.start(self._work) for _ in self._functions):
                self._wait()
            else:
                # Every thread is busy, perhaps with work that waits for this.
                self._work()
                self._wait()
        finally:
            with self._lock:
                self._waiting.clear()

    def results(self) -> tuple[Any, ...]:
        """Return what the functions returned, or raise."""
        with self._lock:
            if self._first is not None:
                raise self._first
            missing = len(self._functions) - len(self._done)
            if missing and self._stop:
                raise self._late(missing)
            return tuple(
                self._done[n] if n in self._done else self._late(missing)
                for n in range(len(self._functions))
            )

    def _prepare(self, asked: Incoming | None) -> None:
        limit_to(self._until)
        if asked is not None:
            # All calls below are of one trace, and there is one slot, lent once.
            trace_of(asked)
            incoming.set(dataclasses.replace(asked, slot=None))

    def _wait(self) -> None:
        if self._left == 0:
            return
        left = -1 if self._until == math.inf else self._until - time.monotonic()
        self._over.acquire(timeout=max(0.0, left) if left != -1 else -1)

    def _work(self) -> None:
        while (number := self._take()) is not None:
            try:
                result = self._context.copy().run(self._functions[number])
            except BaseException as error:  # noqa: BLE001 - raised by `results`
                self._finish(number, error, failed=True)
            else:
                self._finish(number, result, failed=False)

    def _take(self) -> int | None:
        with self._lock:
            if not self._waiting or time.monotonic() >= self._until:
                return None
            return self._waiting.popleft()

    def _finish(self, number: int, result: Any, *, failed: bool) -> None:
        with self._lock:
            self._left -= 1
            self._done[number] = result
            ends = failed and (self._stop or not isinstance(result, Exception))
            if ends and self._first is None:
                self._first = result
                self._waiting.clear()
            if (ends or self._left == 0) and self._over.locked():
                self._over.release()

    def _late(self, missing: int) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"{missing} of {len(self._functions)} gathered functions were not done "
            "in time",
            outcome_unknown=True,
        )
