"""Which way a call takes: a stand-in, this process, or the wire."""

import os
from functools import cache

from glassware.current import members
from glassware.environment import spelled

from .local import Local
from .transport import Transport
from .wire import Wire


stand_ins: dict[str, Transport] = {}
"""What takes the place of neighbours, by their names as `spelled` has them."""


def transport_to(neighbour: str, faults: str = "") -> Transport:
    """Return what carries requests to a neighbour now.

    Args:
        neighbour: By the name that it has itself.
        faults: The file that says what is done to calls on purpose; empty: nobody
            does.
    """
    if stand_ins:
        stand_in = stand_ins.get(spelled(neighbour))
        if stand_in is not None:
            return stand_in
    member = members.get(neighbour)
    way = wire() if member is None or member.call is None else Local(member.call)
    if faults:
        from .faults import over  # noqa: PLC0415 - only who develops pays

        return over(way, faults, wire)
    return way


@cache
def wire() -> Wire:
    """Return the connections of this process."""
    return Wire()


def forget() -> None:
    """Begin anew, as a process does that was forked."""
    wire.cache_clear()


os.register_at_fork(after_in_child=forget)
