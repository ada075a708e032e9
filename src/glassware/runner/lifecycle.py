"""What a service does next.

The whole life of a service is the table below; `services` only carries it
out. Pairs that are not listed change nothing.

A *serving* worker takes requests, an *incoming* one is being started beside
it. A change starts incoming workers and, once they are ready, switches to
them: that is why broken code never takes down what runs.
"""

from enum import StrEnum

from glassware.status import Phase


class Event(StrEnum):
    """What can happen to a service."""

    NEEDS_MET = "needs met"
    READY = "every incoming worker is ready"
    FAILED = "an incoming worker failed"
    WEAKENED = "a serving worker ended, others serve on"
    LOST = "the last serving worker ended"
    CHANGED = "its code was saved, or somebody asked for a restart"
    REPLACED = "the same, and the old must end before the new starts"
    RESUMED = "the pause after a failure is over"
    ASKED_TO_STOP = "the site or the service is to stop"
    GONE = "its last process has ended"


class Action(StrEnum):
    """What to do on the way."""

    NOTHING = "nothing"
    SPAWN = "start incoming workers"
    RESPAWN = "drop the incoming workers and start others"
    SWITCH = "let the incoming serve and retire the others"
    KEEP = "drop the incoming, report, serve on"
    PAUSE = "drop the incoming, report, and resume after a while"
    RENEW = "change to new workers after a while"
    WITHDRAW = "tell callers that nothing serves"
    RETIRE = "end every worker in good order"


TABLE = {
    (Phase.WAITING, Event.NEEDS_MET): (Phase.STARTING, Action.SPAWN),
    (Phase.WAITING, Event.ASKED_TO_STOP): (Phase.STOPPED, Action.NOTHING),
    (Phase.STARTING, Event.READY): (Phase.RUNNING, Action.SWITCH),
    (Phase.STARTING, Event.FAILED): (Phase.FAILING, Action.PAUSE),
    (Phase.STARTING, Event.CHANGED): (Phase.STARTING, Action.RESPAWN),
    (Phase.STARTING, Event.REPLACED): (Phase.REPLACING, Action.RETIRE),
    (Phase.STARTING, Event.ASKED_TO_STOP): (Phase.STOPPING, Action.RETIRE),
    (Phase.RUNNING, Event.CHANGED): (Phase.RELOADING, Action.SPAWN),
    (Phase.RUNNING, Event.REPLACED): (Phase.REPLACING, Action.RETIRE),
    (Phase.RUNNING, Event.WEAKENED): (Phase.RUNNING, Action.RENEW),
    (Phase.RUNNING, Event.LOST): (Phase.FAILING, Action.PAUSE),
    (Phase.RUNNING, Event.RESUMED): (Phase.RELOADING, Action.SPAWN),
    (Phase.RUNNING, Event.ASKED_TO_STOP): (Phase.STOPPING, Action.RETIRE),
    (Phase.RELOADING, Event.READY): (Phase.RUNNING, Action.SWITCH),
    (Phase.RELOADING, Event.FAILED): (Phase.RUNNING, Action.KEEP),
    (Phase.RELOADING, Event.CHANGED): (Phase.RELOADING, Action.RESPAWN),
    (Phase.RELOADING, Event.LOST): (Phase.STARTING, Action.WITHDRAW),
    (Phase.RELOADING, Event.ASKED_TO_STOP): (Phase.STOPPING, Action.RETIRE),
    (Phase.REPLACING, Event.GONE): (Phase.STARTING, Action.SPAWN),
    (Phase.REPLACING, Event.ASKED_TO_STOP): (Phase.STOPPING, Action.NOTHING),
    (Phase.FAILING, Event.RESUMED): (Phase.STARTING, Action.SPAWN),
    (Phase.FAILING, Event.CHANGED): (Phase.STARTING, Action.SPAWN),
    (Phase.FAILING, Event.REPLACED): (Phase.STARTING, Action.SPAWN),
    (Phase.FAILING, Event.ASKED_TO_STOP): (Phase.STOPPING, Action.RETIRE),
    (Phase.STOPPING, Event.GONE): (Phase.STOPPED, Action.NOTHING),
    (Phase.STOPPED, Event.CHANGED): (Phase.STARTING, Action.SPAWN),
    (Phase.STOPPED, Event.REPLACED): (Phase.STARTING, Action.SPAWN),
}

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0


def step(phase: Phase, event: Event) -> tuple[Phase, Action]:
    """Return the next phase, and what to do on the way."""
    return TABLE.get((phase, event), (phase, Action.NOTHING))


def pause(failures: int) -> float:
    """Return the seconds to wait after that many failures in a row, from 1 up."""
    return float(min(FIRST_PAUSE * 2.0 ** (min(failures, 20) - 1), LONGEST_PAUSE))
