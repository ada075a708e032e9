"""How many views run at once in a worker, and how the others wait for their turn.

A request gets a place among those that are open, or nothing at all. With a
place it gets a slot: at once, or when its turn comes, or never, if its time is
over before that. While its view waits for a neighbour, its slot is lent to
whoever is next; it has precedence when it comes back, because it is older.

`threading.Semaphore` knows neither order nor deadlines, and costs more.
"""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic


PATIENCE = 10.0
"""Seconds that a request waits for a slot where nobody said how long it may."""

STUCK = 0.5
"""Seconds after which somebody who waits asks whether the views that run are stuck."""

GRACE = 1.0
"""Seconds that a view waits to go on at least, even if its time is over."""

# A request that would be answered later than this share of its time is refused
# at once: started so late, most would be answered for nobody.
_IN_TIME = 0.8

# How much the newest view counts in the time that a view is expected to take.
_WEIGHT = 1 / 8
_SHORT = 0.01

_Gates = deque[threading.Lock]


class Full(Exception):  # a finding, not a fault
    """No place is free, or so many wait that this request would be too late."""


class TooLate(Exception):  # likewise
    """The time of the request was over before its turn came."""


class Slots:
    """The slots of one service in one process.

    Args:
        count: Views that run at once.
        places: Requests that are open at once, waiting ones included.
        stuck: Tells, at once, whether views wait for what will not answer: then
            those that have run for `STUCK` seconds lend their slots.
    """

    def __init__(
        self, count: int, places: int, stuck: Callable[[], bool] | None = None
    ) -> None:
        self.count = count
        self.places = places
        # Where one view runs at once, its author may count on that.
        self._stuck = stuck if count > 1 else None
        self._running: set[Turn] = set()
        self._lock = threading.Lock()
        # Below 0 where views went on without a slot, because their time was over.
        self._free = count
        self._open = 0
        self._waiting: _Gates = deque()
        self._returning: _Gates = deque()
        self._usual = 0.0

    def enter(
        self, deadline: float | None, arrive: Callable[[], object] | None = None
    ) -> "Turn":
        """Return the turn of a request, whose view may run now; give it to `leave`.

        Args:
            deadline: When it is of no use any more, by `time.monotonic`.
            arrive: Waits until it is all there, which needs a place and no slot.

        Raises:
            Full: It was not even queued.
            TooLate: It was, and its time was over.
        """
        if arrive is not None:
            self._await(arrive, deadline)
        now = monotonic()
        turn = Turn(self, deadline, now)
        with self._lock:
            if self._open >= self.places:
                raise Full
            if self._free > 0:
                self._free -= 1
                self._open += 1
                self._running.add(turn)
                return turn
            if self._would_be_late(now, deadline):
                raise Full
            gate = _queued(self._waiting)
            self._open += 1
        try:
            self._wait_for_slot(turn, gate, now)
        except BaseException:
            with self._lock:
                self._open -= 1
            raise
        return turn

    def leave(self, turn: "Turn") -> None:
        """Take in that the view of `turn` has ended, once or more often."""
        with self._lock:
            if turn.ended:
                return
            turn.ended = True
            self._running.discard(turn)
            self._open -= 1
            if turn.held:
                self._release(turn)
            self._learn(turn.used)

    def lend(self, turn: "Turn") -> None:
        """Give the slot of `turn` to whoever is next."""
        with self._lock:
            turn.lent += 1
            if turn.held:
                self._release(turn)

    def take_back(self, turn: "Turn") -> None:
        """Return when `turn` has a slot again, or when its time is over."""
        with self._lock:
            turn.lent = max(0, turn.lent - 1)
            if turn.lent or turn.held or turn.returning or turn.ended:
                return
            if self._free > 0:
                self._free -= 1
                self._hold(turn)
                return
            turn.returning = True
            gate = _queued(self._returning)
        self._wait_to_return(turn, gate)

    def _await(self, arrive: Callable[[], object], deadline: float | None) -> None:
        with self._lock:
            if self._open >= self.places:
                raise Full
            self._open += 1
        try:
            arrive()
        finally:
            with self._lock:
                self._open -= 1
        if deadline is not None and monotonic() >= deadline:
            raise TooLate

    def _wait_to_return(self, turn: "Turn", gate: threading.Lock) -> None:
        now = monotonic()
        until = now + PATIENCE if turn.deadline is None else turn.deadline
        try:
            given = self._wait(gate, self._returning, max(until, now + GRACE))
        except BaseException:
            turn.returning = False
            raise
        with self._lock:
            turn.returning = False
            if not given:
                # Nobody can stop the view: the next ones start later instead.
                self._free -= 1
            self._hold(turn)
            if turn.lent or turn.ended:
                self._release(turn)

    def _wait_for_slot(self, turn: "Turn", gate: threading.Lock, now: float) -> None:
        until = now + PATIENCE if turn.deadline is None else turn.deadline
        if not self._wait(gate, self._waiting, until):
            raise Full if turn.deadline is None else TooLate
        turn.since = monotonic()
        if turn.deadline is not None and turn.since >= turn.deadline:
            with self._lock:
                self._give()
            raise TooLate
        with self._lock:
            self._running.add(turn)

    def _wait(self, gate: threading.Lock, queue: _Gates, until: float) -> bool:
        """Wait in `queue`, and return whether a slot was given."""
        try:
            if self._acquire(gate, until):
                return True
        except BaseException:
            with self._lock:
                if not _withdrew(gate, queue):
                    self._give()
            raise
        with self._lock:
            return not _withdrew(gate, queue)

    def _acquire(self, gate: threading.Lock, until: float) -> bool:
        if self._stuck is not None:
            while until - monotonic() > STUCK:
                if gate.acquire(timeout=STUCK):
                    return True
                if self._stuck():
                    self._pass_by()
        return gate.acquire(timeout=max(0.0, until - monotonic()))

    def _pass_by(self) -> None:
        """Let others run in place of those that have run for long."""
        now = monotonic()
        with self._lock:
            for turn in self._running:
                if turn.held and now - turn.since >= STUCK:
                    turn.lent += 1
                    self._release(turn)

    def _hold(self, turn: "Turn") -> None:
        turn.held = True
        turn.since = monotonic()

    def _release(self, turn: "Turn") -> None:
        turn.held = False
        turn.used += monotonic() - turn.since
        self._give()

    def _give(self) -> None:
        if self._free < 0:
            self._free += 1
        elif self._returning:
            self._returning.popleft().release()
        elif self._waiting:
            self._waiting.popleft().release()
        else:
            self._free += 1

    def _would_be_late(self, now: float, deadline: float | None) -> bool:
        ahead = 1 + len(self._waiting) + len(self._returning)
        wait = ahead * self._usual / self.count
        if deadline is None:
            return wait > PATIENCE
        return wait + self._usual > _IN_TIME * (deadline - now)

    def _learn(self, seconds: float) -> None:
        # One view that took very long says little of those to come.
        seconds = min(seconds, 2 * self._usual + _SHORT)
        self._usual += _WEIGHT * (seconds - self._usual)


class Turn:
    """A request's place, and its slot as long as it is not lent.

    Several threads of one view may lend it (`gather`): it is back when all of
    them have it back.

    Attributes:
        deadline: Of the request, by `time.monotonic`.
        since: When it got its slot, likewise.
        used: Seconds that it had one before.
        held: Whether it has one.
        lent: How often it is lent.
        returning: Whether it waits to go on.
        ended: Whether it is over.
    """

    __slots__ = (
        "_slots",
        "deadline",
        "ended",
        "held",
        "lent",
        "returning",
        "since",
        "used",
    )

    def __init__(self, slots: Slots, deadline: float | None, since: float) -> None:
        self._slots = slots
        self.deadline = deadline
        self.since = since
        self.used = 0.0
        self.held = True
        self.lent = 0
        self.returning = False
        self.ended = False

    def lend(self) -> None:
        """Let another view run while this one waits for a neighbour.

        Where one view runs at once, none is let in: its author may count on that.
        """
        if self._slots.count > 1:
            self._slots.lend(self)

    def take_back(self) -> None:
        """Wait until this view may go on."""
        if self._slots.count > 1:
            self._slots.take_back(self)

    def leave(self) -> None:
        """Take in that the view has ended."""
        self._slots.leave(self)


def _queued(queue: _Gates) -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()  # whoever is to go on releases it
    queue.append(gate)
    return gate


def _withdrew(gate: threading.Lock, queue: _Gates) -> bool:
    """Take `gate` out of `queue`; it may have been given a slot in the last moment."""
    if gate not in queue:
        return False
    queue.remove(gate)
    return True
