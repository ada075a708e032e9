import math
import re
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glassware.protocol import (
    Clocks,
    new_traceparent,
    onward,
    read_deadline,
    read_via,
    read_wait,
    write_deadline,
    write_via,
)


DAY = 86_400.0
NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True), max_size=6)


@dataclass
class Time:
    """A wall clock that can be set, and one that only goes on."""

    wall_now: float = 1_800_000_000.0
    monotonic_now: float = 50_000.0
    delay: float = 0.0

    def wall(self) -> float:
        """Return the seconds since the epoch; what follows may take a while."""
        now = self.wall_now
        self.pass_(self.delay)
        return now

    def monotonic(self) -> float:
        """Return seconds."""
        return self.monotonic_now

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_now += seconds
        self.monotonic_now += seconds

    def clocks(self) -> Clocks:
        """Return the clocks of a worker."""
        return Clocks(self.wall, self.monotonic)


@given(st.floats(0, 3600))
def test_what_is_written_is_read(seconds):
    """A budget arrives as it was sent, to the millisecond, less the way it took."""
    left = read_deadline(write_deadline(seconds), Clocks())
    assert left is not None
    assert seconds - 5 < left <= seconds


@given(budget=st.floats(0, 100), age=st.floats(0, 200), took=st.floats(0, 50))
def test_the_time_in_the_queue_counts_and_that_of_the_body_does_not(budget, age, took):
    """A visitor's slow upload is no work of anybody, a full queue is."""
    time = Time()
    clocks = time.clocks()
    said = f"{budget * 1000};{time.wall_now:.3f};{took * 1000}"
    time.pass_(took + age)
    left = read_deadline(said, clocks)
    assert left == pytest.approx(budget - age, abs=0.01)


def test_the_gateway_says_nothing_where_there_was_no_body():
    """A lone `-` is how Envoy writes that."""
    time = Time()
    clocks = time.clocks()
    time.pass_(1)
    assert read_deadline(f"3000;{time.wall_now - 1:.3f};-", clocks) == pytest.approx(2)


@pytest.mark.parametrize("jump", [-7200.0, -10.0, -1.0, 1.0, 10.0, 7200.0])
def test_a_clock_that_was_set_takes_no_time_from_requests(jump):
    """For a minute no age is believed; then they are again."""
    time = Time()
    clocks = time.clocks()
    said = f"3000;{time.wall_now:.3f}"
    time.pass_(0.5)
    time.wall_now += jump
    assert read_deadline(said, clocks) == 3.0
    time.pass_(59)
    assert read_deadline(f"3000;{time.wall_now - 1:.3f}", clocks) == 3.0
    time.pass_(2)
    left = read_deadline(f"3000;{time.wall_now - 1:.3f}", clocks)
    assert left == pytest.approx(2.0, abs=0.01)


def test_a_thread_that_was_kept_waiting_is_no_jump():
    """Under load a second may pass between two looks at the clocks."""
    time = Time()
    clocks = time.clocks()
    time.delay = 1.0
    said = f"9000;{time.wall_now:.3f}"
    read_deadline(said, clocks)
    time.delay = 0.0
    assert read_deadline(said, clocks) == pytest.approx(8.0)


def test_what_comes_from_the_future_is_new():
    """Another machine's clock may be ahead: that gives nobody more time."""
    time = Time()
    assert read_deadline(f"3000;{time.wall_now + 50:.3f}", time.clocks()) == 3.0


@given(st.text(alphabet=st.characters(max_codepoint=255)))
@example("nan;nan")
@example("1;nan")
@example("inf")
@example("1e999;1;1")
@example("-1e999")
@example("1;1e999")
@example("1;1;1e999")
@example(";;")
@example("1;2;3;4")
def test_no_header_is_too_odd_to_be_read(text):
    """It says a number of seconds, at most a day's, or nothing."""
    left = read_deadline(text, Clocks())
    assert left is None or (math.isfinite(left) and left <= DAY)
    wait = read_wait(text)
    assert wait is None or 0 <= wait <= DAY
    assert isinstance(read_via(text), tuple)


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=5", 5),
        ('Wait="5"', 5),
        ("respond-async, wait=10", 10),
        ("wait = 7; x=y", 7),
        ("wait=9" + "9" * 400, DAY),
        ("wait", None),
        ("wait=-5", None),
        ("wait=1.5", None),
        ("await=5", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_a_client_is_willing_to_wait(prefer, seconds):
    """As RFC 7240 writes it: whole seconds."""
    assert read_wait(prefer) == seconds


@given(NAMES)
def test_the_way_of_a_request_is_read_as_it_was_written(names):
    """The services that it came through keep their order."""
    assert read_via(write_via(tuple(names))) == tuple(names)


def test_what_goes_onward_is_on_a_list():
    """Neither cookies nor what a browser proves itself with."""
    environ = {
        "HTTP_TRACEPARENT": "00-1-2-03",
        "HTTP_ACCEPT_LANGUAGE": "de",
        "HTTP_IDEMPOTENCY_KEY": "k",
        "HTTP_COOKIE": "session=1",
        "HTTP_AUTHORIZATION": "Basic x",
        "HTTP_X_GLASSWARE_IDENTITY": "token",
        "HTTP_X_FORWARDED_FOR": "1.2.3.4",
    }
    assert {name.lower() for name, _ in onward(environ)} == {
        "traceparent",
        "accept-language",
        "idempotency-key",
    }


def test_a_trace_goes_on_in_a_new_span():
    """Same trace, same flags; what is no trace begins one."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    version, same, span, flags = new_traceparent(
        f"00-{trace}-00f067aa0ba902b7-00"
    ).split("-")
    assert (version, same, flags) == ("00", trace, "00")
    assert span != "00f067aa0ba902b7"
    assert new_traceparent(None) != new_traceparent(None)


@given(st.text(max_size=80))
@example(f"00-{'x' * 32}-{'1' * 16}-01")
@example(f"00-{'0' * 32}-{'1' * 16}-01")
@example(f"00-{'1' * 32}-{'1' * 16}-\r\n")
def test_a_trace_is_always_in_order(parent):
    """Whatever a client said."""
    trace = r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    assert re.fullmatch(trace, new_traceparent(parent))
