"""Whether a call is sent again, and when: the one place that decides it.

A call is sent again where its connection was lost and it may be repeated,
where the answer was 502, 503 or 504 and it may be repeated, and where the
neighbour was too busy to start it, whatever it is. Each time costs a token;
tokens come with calls, so a neighbour that fails gets a tenth more requests
than there are calls, and no storm.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from glassware.errors import CallError, DeadlineExceeded
from glassware.protocol import REFUSED

from .outgoing import Outgoing


PASSING = frozenset({502, 503, 504})
"""The statuses that may be others a moment later."""

# Pauses are random between 0 and a bound that doubles.
_FIRST = 0.05
_BOUND = 1.0


class Sent(Protocol):
    """What is asked of an answer."""

    @property
    def status_code(self) -> int:
        """Such as 200."""

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Its headers."""

    def close(self) -> None:
        """Give it up."""


S = TypeVar("S", bound=Sent)


class Budget:
    """Tokens for sending again: so many at first, then a share of all calls.

    Counted in parts of a token, which add up exactly.

    Args:
        tokens: The most that there are; there are as many at first.
        calls: How many calls bring one.
    """

    def __init__(self, tokens: int = 10, calls: int = 10) -> None:
        self._price = calls
        self._most = self._parts = tokens * calls
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Take note of a call."""
        # Nobody is to be kept waiting for a lock as long as nothing is wrong.
        if self._parts < self._most:
            with self._lock:
                self._parts = min(self._most, self._parts + 1)

    def spend(self) -> bool:
        """Take a token; tell whether there was one."""
        with self._lock:
            if self._parts < self._price:
                return False
            self._parts -= self._price
            return True


def carry(call: Outgoing, attempt: Callable[[], S], budget: Budget) -> S:
    """Make attempts until there is an answer, or no more may be made.

    Args:
        call: What is called; its attempts are counted.
        attempt: Makes one.
        budget: Of the neighbour.

    Raises:
        CallError: The last attempt had no answer.
    """
    budget.earn()
    while True:
        call.attempts += 1
        try:
            answer = attempt()
        except CallError as error:
            if not (call.repeatable and is_lost(error) and _again(call, budget)):
                raise
        else:
            if answer.status_code not in PASSING:
                return answer
            refused = header(answer, REFUSED)
            may_repeat = refused == "busy" or (call.repeatable and not refused)
            if not (may_repeat and _again(call, budget, answer)):
                return answer
            answer.close()


def _again(call: Outgoing, budget: Budget, answer: Sent | None = None) -> bool:
    """Wait for the moment of the next attempt; tell whether there is to be one."""
    if call.attempts >= call.most:
        return False
    pause = pause_after(call.attempts)
    if answer is not None:
        pause += read_retry_after(header(answer, "Retry-After"))
    if time.monotonic() + pause >= call.deadline or not budget.spend():
        return False
    time.sleep(pause)
    return True


def is_lost(error: CallError) -> bool:
    """Tell whether the connection ended before a whole answer was there."""
    return error.outcome_unknown and not isinstance(error, DeadlineExceeded)


def pause_after(
    attempts: int, jitter: Callable[[float, float], float] = random.uniform
) -> float:
    """Return the seconds to wait after so many attempts ("full jitter")."""
    return jitter(0.0, min(_BOUND, _FIRST * 2.0 ** min(attempts - 1, 10)))


def read_retry_after(value: str | None) -> float:
    """Return the seconds that `Retry-After` asks for; 0 where it says nothing."""
    if not value:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):
        return 0.0


def header(answer: Sent, name: str) -> str | None:
    """Return the first header of that name."""
    wanted = name.lower()
    return next((v for key, v in answer.fields if key.lower() == wanted), None)
