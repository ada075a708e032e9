"""The circuit breaker, against a plain model of what it promises."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from glassware.service.breaker import LONGEST, SHORTEST, Breaker, Open


LIMIT = 3


class Time:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


def highest(low: float, high: float) -> float:
    """Return the longest pause that jitter may make."""
    return high


def tripped(clock: Time, jitter=highest) -> Breaker:
    """Return a breaker that has just opened."""
    breaker = Breaker(LIMIT, clock, jitter)
    for _ in range(LIMIT):
        breaker.failed(breaker.admit(), "broken")
    return breaker


def test_it_opens_after_failures_in_a_row():
    """One success in between begins the count anew."""
    breaker = Breaker(LIMIT)
    for verdict in (breaker.failed, breaker.failed):
        verdict(breaker.admit(), "broken")
    breaker.succeeded(breaker.admit())
    opened = [breaker.failed(breaker.admit(), "broken") for _ in range(LIMIT)]
    assert opened == [False, False, True]
    assert breaker.is_open


def test_it_says_since_when_and_why():
    """Whoever is held back can tell a person what is going on."""
    clock = Time()
    breaker = tripped(clock)
    clock.now += 0.25
    with pytest.raises(Open) as caught:
        breaker.admit()
    found = caught.value
    assert (found.failures, found.since, found.reason) == (3, 0.25, "broken")
    assert found.again == pytest.approx(2 * SHORTEST - 0.25)


def test_one_call_finds_out():
    """When the pause is over, one is let through and everybody else is not."""
    clock = Time()
    breaker = tripped(clock)
    clock.now += 2 * SHORTEST
    era = breaker.admit()
    for _ in range(5):
        with pytest.raises(Open):
            breaker.admit()
    assert breaker.succeeded(era)
    assert not breaker.is_open
    assert breaker.admit() == breaker.admit()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_pauses_double_up_to_a_limit(share):
    """From half a second to ten, whatever the dice say."""
    clock = Time()
    breaker = tripped(clock, lambda low, high: low + share * (high - low))
    pauses = []
    for _ in range(8):
        with pytest.raises(Open) as caught:
            breaker.admit()
        pauses.append(caught.value.again)
        clock.now += caught.value.again
        breaker.failed(breaker.admit(), "still")
    assert all(SHORTEST <= pause <= LONGEST for pause in pauses)
    assert pauses[:3] == pytest.approx([SHORTEST * (1 + share) * n for n in (1, 2, 4)])
    assert pauses[-1] == LONGEST


def test_whoever_began_before_has_no_say():
    """A late success closes nothing, and a late failure does not keep it open."""
    clock = Time()
    breaker = Breaker(LIMIT, clock, highest)
    late = breaker.admit()
    for _ in range(LIMIT):
        breaker.failed(breaker.admit(), "broken")
    assert not breaker.succeeded(late)
    clock.now += 2 * SHORTEST
    probe = breaker.admit()
    breaker.failed(late, "late")
    assert breaker.succeeded(probe)


def test_a_probe_that_tells_nothing_lets_the_next_one_try():
    """An interrupted call is neither good nor bad."""
    clock = Time()
    breaker = tripped(clock)
    clock.now += 2 * SHORTEST
    breaker.undecided(breaker.admit())
    assert breaker.succeeded(breaker.admit())


def test_a_probe_that_never_ends_is_given_up():
    """A call with an hour of time does not keep the circuit open for an hour."""
    clock = Time()
    breaker = tripped(clock)
    clock.now += 2 * SHORTEST
    breaker.admit()
    clock.now += LONGEST
    assert breaker.succeeded(breaker.admit())


def test_zero_never_opens():
    """`breaker = 0` leaves a neighbour its chance for ever."""
    breaker = Breaker(0)
    for _ in range(100):
        breaker.failed(breaker.admit(), "broken")
    assert not breaker.is_open


class Machine(RuleBasedStateMachine):
    """Calls begin and end in any order while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Time()
        self.breaker = Breaker(LIMIT, self.clock, highest)
        self.under_way: list[int] = []
        # The model: failures in a row of this era, when it may be tried, by whom.
        self.row = 0
        self.era = 0
        self.again: float | None = None
        self.pause = 2 * SHORTEST

    @rule()
    def begin(self) -> None:
        """Let a call ask; the model knows the answer."""
        if self.again is None:
            assert self.breaker.admit() == self.era
        elif self.clock.now < self.again:
            with pytest.raises(Open):
                self.breaker.admit()
            return
        else:
            self.era += 1
            self.again = self.clock.now + LONGEST
            assert self.breaker.admit() == self.era
        self.under_way.append(self.era)

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 3.0, 10.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.now += seconds

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        """Let a call end well."""
        era = self._end(data)
        if era == self.era:
            self.row, self.again, self.pause = 0, None, 2 * SHORTEST
        self.breaker.succeeded(era)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        """Let a call fail."""
        era = self._end(data)
        if era == self.era:
            self.row += 1
            if self.again is not None or self.row >= LIMIT:
                self.again = self.clock.now + min(self.pause, LONGEST)
                self.pause *= 2
                self.era += 1
        self.breaker.failed(era, "broken")

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        """Let a call end without a verdict."""
        era = self._end(data)
        if era == self.era and self.again is not None:
            self.again = self.clock.now
        self.breaker.undecided(era)

    @invariant()
    def agrees(self) -> None:
        """Model and breaker are of one opinion."""
        assert self.breaker.is_open == (self.again is not None)

    def _end(self, data: st.DataObject) -> int:
        return self.under_way.pop(
            data.draw(st.integers(0, len(self.under_way) - 1), label="which")
        )


Machine.TestCase.settings = settings(max_examples=60, deadline=None)
test_every_order_of_calls = Machine.TestCase
