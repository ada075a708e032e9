"""Slots in one process: who runs, who waits, who goes on."""

import ctypes
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from glassware.worker import slots as slots_module
from glassware.worker.slots import Full, Slots, TooLate, Turn
from waiting import until


FAR = 1000.0


class View(threading.Thread):
    """A request that is answered in a thread of its own."""

    def __init__(self, slots: Slots, seconds: float | None = FAR) -> None:
        super().__init__(daemon=True)
        self.slots = slots
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.turn: Turn | None = None
        self.refused: Exception | None = None
        self.go_on = threading.Event()
        self.start()

    def run(self) -> None:
        """Wait for the turn, and keep it until it is told to end."""
        try:
            self.turn = self.slots.enter(self.deadline)
        except (Full, TooLate) as refused:
            self.refused = refused
            return
        self.go_on.wait()
        self.turn.leave()

    def end(self) -> None:
        """Let it end."""
        self.go_on.set()
        self.join()


@pytest.fixture
def views() -> Iterator[list[View]]:
    """Views that end with the test, in the order in which they were made."""
    made: list[View] = []
    yield made
    for view in made:
        view.go_on.set()
    for view in made:
        view.join()


def waiting(slots: Slots, count: int) -> None:
    """Wait until so many wait for their first slot."""
    until(lambda: len(slots._waiting) == count, f"{count} to wait")


def idle(slots: Slots) -> bool:
    """Whether everything is as it was at the beginning."""
    return (
        slots._free == slots.count
        and slots._open == 0
        and not slots._waiting
        and not slots._returning
    )


def test_views_run_until_the_slots_are_taken_and_then_in_order_of_arrival(views):
    """Two slots: the third and the fourth wait, and the third comes first."""
    slots = Slots(2, 64)
    for number in range(4):
        views.append(View(slots))
        if number < 2:
            until(lambda: views[-1].turn)
        else:
            waiting(slots, number - 1)
    views[0].end()
    until(lambda: views[2].turn)
    assert views[3].turn is None
    views[1].end()
    until(lambda: views[3].turn)


def test_beyond_its_places_it_is_full_at_once(views):
    """Nobody is queued who finds no place."""
    slots = Slots(1, 3)
    views += [View(slots) for _ in range(3)]
    waiting(slots, 2)
    with pytest.raises(Full):
        slots.enter(None)


def test_no_view_starts_after_its_deadline(views):
    """Who waits longer than there is time leaves the queue, and takes nothing."""
    slots = Slots(1, 64)
    views.append(View(slots))
    until(lambda: views[0].turn)
    views += [View(slots, 0.05) for _ in range(5)]
    until(lambda: all(isinstance(view.refused, TooLate) for view in views[1:]))
    views[0].end()
    assert idle(slots)


def test_nobody_waits_for_ever(views, monkeypatch):
    """Without a deadline there is a bound of our own."""
    monkeypatch.setattr(slots_module, "PATIENCE", 0.05)
    slots = Slots(1, 64)
    views.append(View(slots))
    until(lambda: views[0].turn)
    with pytest.raises(Full):
        slots.enter(None)
    views[0].end()
    assert idle(slots)


def test_a_slot_that_comes_in_the_last_moment_is_not_lost(views, monkeypatch):
    """The thread has given up waiting, and has not said so yet."""
    monkeypatch.setattr(slots_module, "PATIENCE", 0.05)
    slots = Slots(1, 64)
    holder = slots.enter(None)
    views.append(View(slots, None))
    waiting(slots, 1)
    late = time.monotonic() + 0.3
    with slots._lock:
        until(lambda: time.monotonic() > late)
        slots._release(holder)
    until(lambda: views[0].turn)
    views[0].end()
    holder.leave()
    assert idle(slots)


def test_a_lent_slot_is_somebody_elses_until_it_is_free_again(views):
    """A view that waits for a neighbour keeps nobody else waiting."""
    slots = Slots(2, 64)
    first, second = slots.enter(None), slots.enter(None)
    views.append(View(slots))
    waiting(slots, 1)
    first.lend()
    until(lambda: views[0].turn)
    back = threading.Thread(target=first.take_back)
    back.start()
    until(lambda: slots._returning)
    assert not first.held
    views.append(View(slots))
    waiting(slots, 1)
    second.leave()
    back.join()
    # It has precedence over the one that has not begun.
    assert first.held
    assert views[1].turn is None
    first.leave()
    for view in views:
        view.end()
    assert idle(slots)


def test_where_one_view_runs_at_once_no_slot_is_lent(views):
    """`threads = 1` says that the code is for one at a time."""
    slots = Slots(1, 64)
    turn = slots.enter(None)
    turn.lend()
    views.append(View(slots, 0.05))
    until(lambda: views[0].refused)
    turn.take_back()
    turn.leave()
    assert idle(slots)


def test_several_threads_of_a_view_lend_one_slot():
    """It is free while any of them waits, and is taken back once."""
    slots = Slots(2, 64)
    turn = slots.enter(None)
    turn.lend()
    turn.lend()
    assert slots._free == 2
    turn.take_back()
    assert slots._free == 2
    turn.take_back()
    assert slots._free == 1
    turn.leave()
    assert idle(slots)


def test_a_thread_that_outlives_its_view_takes_nothing(views):
    """`gather` gave up on it, its call came back later."""
    slots = Slots(2, 64)
    turn = slots.enter(None)
    turn.lend()
    views += [View(slots), View(slots)]
    until(lambda: all(view.turn for view in views))
    late = threading.Thread(target=turn.take_back)
    late.start()
    until(lambda: slots._returning)
    turn.leave()
    for view in views:
        view.end()
    late.join()
    assert idle(slots)
    turn.lend()
    turn.take_back()
    turn.leave()
    assert idle(slots)


def test_a_view_whose_time_is_over_goes_on_and_the_next_ones_wait(monkeypatch, views):
    """Nobody can stop it; so that many run, one less is started."""
    monkeypatch.setattr(slots_module, "GRACE", 0.05)
    slots = Slots(2, 64)
    turn = slots.enter(time.monotonic() + 0.05)
    turn.lend()
    views += [View(slots), View(slots)]
    until(lambda: all(view.turn for view in views))
    turn.take_back()
    assert turn.held
    views.append(View(slots))
    waiting(slots, 1)
    views[0].end()
    assert views[2].turn is None
    turn.leave()
    until(lambda: views[2].turn)
    views[1].end()
    views[2].end()
    assert idle(slots)


def test_who_would_be_answered_too_late_is_refused_at_once(views):
    """With views of 10 s one after another, 55 s are enough for three to wait."""
    slots = Slots(1, 64)
    slots._usual = 10.0
    views.append(View(slots, None))
    until(lambda: views[0].turn)
    for number in range(3):
        views.append(View(slots, 55.0))
        waiting(slots, number + 1)
    with pytest.raises(Full):
        slots.enter(time.monotonic() + 55.0)
    views.append(View(slots, FAR))
    waiting(slots, 4)


def test_how_long_a_view_takes_is_learnt():
    """From all of them: one that took very long says little."""
    slots = Slots(1, 64)
    for _ in range(100):
        slots._learn(0.2)
    assert slots._usual == pytest.approx(0.2, rel=0.1)
    slots._learn(60.0)
    assert slots._usual < 0.3
    for _ in range(100):
        slots._learn(0.001)
    assert slots._usual == pytest.approx(0.001, rel=0.1)


class Interrupted(BaseException):
    """What somebody raises in another thread."""


@pytest.mark.parametrize("seconds", [0.1, FAR])
def test_an_exception_from_outside_loses_no_slot(seconds):
    """Whether the thread that it hits was given a slot just then, or gave up."""
    slots = Slots(1, 64)
    holder = slots.enter(None)
    ended: list[bool] = []

    def enter() -> None:
        try:
            slots.enter(time.monotonic() + seconds).leave()
        except Interrupted:
            ended.append(True)

    thread = threading.Thread(target=enter)
    thread.start()
    waiting(slots, 1)
    # It is raised as soon as the thread runs again.
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted)
    )
    if seconds < FAR:
        thread.join()
    holder.leave()
    thread.join()
    assert ended
    assert idle(slots)


def test_a_storm_of_threads_runs_no_more_than_there_are_slots():
    """Entering, lending, giving up and failing at random, and nothing is lost."""
    slots = Slots(3, 20)
    running, most, outcomes = Counter(), [0], []

    def view(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(60):
            try:
                turn = slots.enter(time.monotonic() + chance.choice([0.002, FAR]))
            except (Full, TooLate) as refused:
                outcomes.append(type(refused))
                continue
            try:
                with running.one(most):
                    time.sleep(chance.random() / 2000)
                for _ in range(chance.randrange(3)):
                    turn.lend()
                    time.sleep(chance.random() / 2000)
                    if chance.random() < 0.1:
                        break
                    turn.take_back()
                    with running.one(most):
                        pass
                outcomes.append(Turn)
            finally:
                turn.leave()

    threads = [threading.Thread(target=view, args=(seed,)) for seed in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {Full, Turn} <= set(outcomes) <= {Full, TooLate, Turn}
    assert most[0] <= slots.count
    assert idle(slots)


class Counter:
    """How many are within it at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = 0

    @contextmanager
    def one(self, most: list[int]) -> Iterator[None]:
        """Count one more as long as the block lasts."""
        with self.lock:
            self.now += 1
            most[0] = max(most[0], self.now)
        try:
            yield
        finally:
            with self.lock:
                self.now -= 1


class SlotsMachine(RuleBasedStateMachine):
    """Any order of entering, lending, taking back and leaving."""

    turns = Bundle("turns")

    @initialize(count=st.integers(2, 4), more=st.integers(0, 4))
    def begin(self, count: int, more: int) -> None:
        """Make the slots."""
        self.slots = Slots(count, count + more)
        self.held: dict[Turn, int] = {}

    @rule(target=turns)
    def enter(self) -> Turn | None:
        """A request comes; its time is too short to wait."""
        free = self.slots.count - sum(lent == 0 for lent in self.held.values())
        full = len(self.held) >= self.slots.places
        try:
            turn = self.slots.enter(time.monotonic() + 0.001)
        except Full:
            assert full or free <= 0
            return None
        except TooLate:
            assert not full
            return None
        assert free > 0
        self.held[turn] = 0
        return turn

    @rule(turn=turns)
    def lend(self, turn: Turn | None) -> None:
        """A view waits for a neighbour, with one thread more."""
        if turn is not None:
            turn.lend()
            if turn in self.held:
                self.held[turn] += 1

    @rule(turn=turns)
    def take_back(self, turn: Turn | None) -> None:
        """One of its threads has its answer."""
        free = self.slots.count - sum(lent == 0 for lent in self.held.values())
        # Another thread would have to free one: it is not waited for here.
        if turn is not None and (self.held.get(turn) != 1 or free > 0):
            turn.take_back()
            if turn in self.held:
                self.held[turn] = max(0, self.held[turn] - 1)

    @rule(turn=consumes(turns))
    def leave(self, turn: Turn | None) -> None:
        """A view has ended."""
        if turn is not None:
            turn.leave()
            turn.leave()
            self.held.pop(turn, None)

    @invariant()
    def adds_up(self) -> None:
        """What is free and what is held are all there is."""
        if hasattr(self, "slots"):
            held = sum(lent == 0 for lent in self.held.values())
            assert self.slots._free == self.slots.count - held
            assert self.slots._open == len(self.held)
            assert not self.slots._waiting
            assert not self.slots._returning


TestSlotsMachine = SlotsMachine.TestCase
TestSlotsMachine.settings = settings(max_examples=60, deadline=None)


def test_views_that_are_stuck_lend_their_slots(views):
    """Who waits asks whether they are; both run on, and nobody is let in twice."""
    stuck = threading.Event()
    slots = Slots(2, 64, stuck.is_set)
    views += [View(slots) for _ in range(2)]
    until(lambda: all(view.turn for view in views))
    views.append(View(slots))
    waiting(slots, 1)
    assert views[2].turn is None
    stuck.set()
    until(lambda: views[2].turn, patience=20)
    stuck.clear()
    # Both have lent theirs, and one of these is free.
    views.append(View(slots))
    until(lambda: views[3].turn)
    views.append(View(slots))
    waiting(slots, 1)
    for view in views[:2]:
        view.end()
    assert views[4].turn is None
    views[2].end()
    until(lambda: views[4].turn)
    for view in views[3:]:
        view.end()
    assert idle(slots)


def test_one_view_at_a_time_stays_alone(views):
    """Its author may count on that, whatever it waits for."""
    slots = Slots(1, 64, lambda: True)
    views.append(View(slots))
    until(lambda: views[0].turn)
    views.append(View(slots, slots_module.STUCK * 2))
    until(lambda: views[1].refused, patience=20)
    assert isinstance(views[1].refused, TooLate)
