"""The tokens that sending again costs."""

import threading

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from glassware.service.retries import Budget, pause_after, read_retry_after


class Machine(RuleBasedStateMachine):
    """Calls and wishes to repeat them, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = Budget()
        self.calls = self.spent = 0
        self.tenths = 100

    @rule(calls=st.integers(1, 40))
    def call(self, calls: int) -> None:
        """Make calls."""
        for _ in range(calls):
            self.budget.earn()
        self.calls += calls
        self.tenths = min(100, self.tenths + calls)

    @rule(wishes=st.integers(1, 15))
    def repeat(self, wishes: int) -> None:
        """Want to send again; the model knows what is granted."""
        for _ in range(wishes):
            granted = self.budget.spend()
            assert granted == (self.tenths >= 10)
            if granted:
                self.tenths -= 10
                self.spent += 1

    @invariant()
    def bounded(self) -> None:
        """There are never more than ten, and a tenth of all calls."""
        assert self.spent <= 10 + self.calls / 10


Machine.TestCase.settings = settings(max_examples=60, deadline=None)
test_every_order_of_calls_and_repetitions = Machine.TestCase


def test_threads_share_it_exactly():
    """Nothing is granted twice, whoever asks at the same moment."""
    budget = Budget(tokens=1000)
    granted: list[bool] = []

    def ask() -> None:
        granted.extend([budget.spend() for _ in range(500)])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(True) == 1000


def test_pauses_are_random_below_a_bound_that_doubles():
    """Full jitter: any pause from none to the bound, which ends at a second."""
    longest = [pause_after(n, lambda low, high: high) for n in range(1, 8)]
    assert longest == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert pause_after(3, lambda low, high: low) == 0.0
    assert pause_after(5000) <= 1.0
    assert len({pause_after(5) for _ in range(20)}) > 1


def test_retry_after_in_both_forms():
    """Seconds, or a date; whatever else it says is no wish."""
    assert read_retry_after("3") == 3.0
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert read_retry_after("Wed, 21 Oct 2215 07:28:00 GMT") > 1e9
    for odd in (None, "", "-1", "soon", "1.5", "Wed, 99 Oct 2015", "²"):
        assert read_retry_after(odd) == 0.0


@given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d\d \w{3} \d{1,5} [\d:]{8} \S+"))
def test_no_retry_after_is_an_error(value):
    """Whatever a neighbour writes there, it is a number of seconds."""
    assert read_retry_after(value) >= 0.0
