"""The life of a process that is several services: loaded, serving, drained.

Each member has its own listener and its own threads, so the gateway and the
services outside reach it as they reach any other. Calls among the members do
not leave the process: `group_calls` has them.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from glassware import current
from glassware.errors import AppNotLoaded

from .drain import Stop, Traffic, end, end_by, end_now
from .group_calls import DEEPEST, MemberCall
from .group_load import LoadedMember, MemberFailed, load_members
from .group_output import divide
from .group_threads import follow
from .job import Group
from .process import FAILED, granian_fits, settle
from .report import Report, describe
from .serve import answering_of, granian_server
from .wsgi import granian_callback


FRAMES = 40
"""Frames of the interpreter that a call from one member to the next takes."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of all members, as one."""

    each: tuple[Any, ...]

    def stop(self) -> None:
        """Take no connection, and close each one when it is idle."""
        for server in self.each:
            server.stop()

    def has_stopped(self) -> bool:
        """Whether every connection is closed."""
        return all(server.has_stopped() for server in self.each)


def work_together(group: Group, report: Report, outputs: Sequence[int]) -> NoReturn:
    """Load the applications of a group and serve them.

    Args:
        group: The members.
        report: Told how it goes.
        outputs: Where each member's output goes, in their order; none: to that
            of the process.
    """
    report.say("started", pid=os.getpid())
    try:
        _serve(group, _prepared(group, outputs), report)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
        report.say("failed", **_described(error))
    end_now(FAILED)


def found(group: Group) -> dict[str, Any]:
    """Load a group without serving it; return what the supervisor would be told."""
    try:
        return {"event": "ready", **_facts_of(_prepared(group, ()))}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
        return {"event": "failed", **_described(error)}


def _prepared(group: Group, outputs: Sequence[int]) -> tuple[LoadedMember, ...]:
    settle(group.name)
    divide([job.service for job in group.members], outputs)
    follow()
    if not granian_fits():
        raise AppNotLoaded(
            "a group needs the `granian` that glassware is made for",
            hint="`glassware install` adds it to a service's own environment",
        )
    return load_members(group)


def _facts_of(members: Sequence[LoadedMember]) -> dict[str, Any]:
    return {"members": [dict(member.facts) for member in members]}


def _described(error: BaseException) -> dict[str, str]:
    if not isinstance(error, MemberFailed) or error.__cause__ is None:
        return describe(error)
    said = describe(error.__cause__)
    reason = f"`{error.service}`: {said['reason']}"
    return {"service": error.service, **said, "reason": reason}


def _serve(group: Group, members: Sequence[LoadedMember], report: Report) -> NoReturn:
    # Members that call each other have one stack: room for the deepest chain.
    sys.setrecursionlimit(sys.getrecursionlimit() + DEEPEST * FRAMES)
    traffic = Traffic()
    servers = Servers(tuple(_server(member, traffic) for member in members))
    stop = Stop()
    for server in servers.each:
        server.start()
    report.say("ready", **_facts_of(members))
    report.close()
    stop.wait()
    end_by(group.drain)
    traffic.drain(servers, group.drain)
    end()


def _server(member: LoadedMember, traffic: Traffic) -> Any:
    job = member.job
    answering = answering_of(job, member.application, traffic)
    known = current.members[job.service]
    call = MemberCall(job.service, answering)
    current.members[job.service] = replace(
        known, call=call, own=call if job.threads > 1 else None
    )
    callback = granian_callback(answering, traffic)
    return granian_server(job, _named(callback, job.service))


def _named(callback: Callable[..., None], name: str) -> Callable[..., None]:
    """Return `callback` with whose code runs being known.

    granian calls it in threads that are this member's alone.
    """
    say = current.service.set

    def called(protocol: Any, environ: dict[str, Any]) -> None:
        say(name)
        callback(protocol, environ)

    return called
