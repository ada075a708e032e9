"""The table of a service's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.runner.lifecycle import (
    LONGEST_PAUSE,
    TABLE,
    Action,
    Event,
    pause,
    step,
)
from glassware.status import Phase


@pytest.mark.parametrize("event", Event)
def test_only_a_change_wakes_a_stopped_service(event):
    """Nothing but a change starts what has stopped."""
    phase, _ = step(Phase.STOPPED, event)

    wakes = event in {Event.CHANGED, Event.REPLACED}
    assert phase is (Phase.STARTING if wakes else Phase.STOPPED)


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.STOPPED])
def test_every_phase_can_be_stopped(phase):
    """A request to stop is never lost."""
    asked, _ = step(phase, Event.ASKED_TO_STOP)

    assert asked in {Phase.STOPPING, Phase.STOPPED}


def test_broken_code_keeps_the_old_worker_serving():
    """A reload that fails leaves the service running, and drops only the new."""
    assert step(Phase.RELOADING, Event.FAILED) == (Phase.RUNNING, Action.KEEP)


def test_a_reload_switches_only_when_the_new_is_ready():
    """Between the save and READY nothing is retired."""
    phase, action = step(Phase.RUNNING, Event.CHANGED)
    assert (phase, action) == (Phase.RELOADING, Action.SPAWN)

    assert step(phase, Event.READY) == (Phase.RUNNING, Action.SWITCH)


def test_replace_ends_the_old_before_the_new_starts():
    """A service that must run once never runs twice."""
    assert step(Phase.RUNNING, Event.REPLACED) == (Phase.REPLACING, Action.RETIRE)
    assert step(Phase.REPLACING, Event.READY)[1] is Action.NOTHING
    assert step(Phase.REPLACING, Event.GONE) == (Phase.STARTING, Action.SPAWN)


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_any_history_ends_when_it_is_asked_to(history):
    """Whatever happened, ASKED_TO_STOP and GONE lead to STOPPED."""
    phase = Phase.WAITING
    for event in history:
        phase, _ = step(phase, event)

    phase, _ = step(phase, Event.ASKED_TO_STOP)
    phase, _ = step(phase, Event.GONE)

    assert phase is Phase.STOPPED


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_nothing_spawns_twice_without_a_reason(history):
    """Two SPAWNs in a row have an end or a failure of the first between them."""
    phase, since_spawn = Phase.WAITING, None
    for event in history:
        phase, action = step(phase, event)
        if since_spawn is not None:
            since_spawn.add(event)
        if action is Action.SPAWN:
            ends = {Event.READY, Event.FAILED, Event.GONE, Event.LOST}
            assert since_spawn is None or since_spawn & ends
            since_spawn = set()


def test_every_phase_is_reached_and_left():
    """The table has no dead ends and no unreachable rows."""
    entered = {phase for phase, _ in TABLE.values()} | {Phase.WAITING}
    left = {phase for phase, _ in TABLE}

    assert entered == set(Phase)
    assert left == set(Phase)


@given(st.integers(min_value=1, max_value=10_000))
def test_pauses_grow_and_are_bounded(failures):
    """A crash loop is retried for ever, at most every half minute."""
    assert 0 < pause(failures) <= pause(failures + 1) <= LONGEST_PAUSE
