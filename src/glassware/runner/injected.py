"""Faults and fakes that somebody puts on edges of the running site, and takes away."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any, Protocol

from glassware.environment import spelled
from glassware.errors import GlasswareError
from glassware.files import write_whole
from glassware.injection import (
    ANY,
    FILE,
    InjectedFault,
    Injections,
    read_fault,
    write_injections,
)
from glassware.plan import Plan

from .events import Bulletin
from .state import State


class Surroundings(Protocol):
    """What it needs of the supervisor."""

    plan: Plan
    state: State
    bulletin: Bulletin


class Injected:
    """What is injected into a site; callers read it from a file.

    Args:
        around: The supervisor.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._now = Injections()

    def lines(self) -> tuple[str, ...]:
        """Return what is injected, as people read it."""
        return self._now.lines()

    def change(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what came to the control socket; return what is injected then.

        Args:
            request: May have `set`, a fault, which takes the place of the one
                on the same edge; `clear`, the caller and the callee of a fault,
                or nothing for all faults; `fakes`, a URL or nothing by name.

        Raises:
            GlasswareError: The site is in production, or has no such service.
            ValueError: This is no fault.
        """
        if request.keys() & {"set", "clear", "fakes"}:
            before = self._now
            self._now = self._changed(request)
            self.write()
            self._tell(before)
        return asdict(self._now)

    def write(self) -> None:
        """Write the file, also into a runtime folder that was made anew."""
        path = self._around.state.runtime / FILE
        if self._now.faults or self._now.fakes:
            write_whole(path, write_injections(self._now))
        else:
            with suppress(FileNotFoundError):
                path.unlink()

    def _changed(self, request: Mapping[str, Any]) -> Injections:
        if self._around.plan.production:
            raise GlasswareError("nothing is injected into a site in production")
        now = self._now
        if (edge := request.get("clear", ())) != ():
            now = replace(now, faults=_without(now.faults, edge))
        if "set" in request:
            fault = read_fault(request["set"])
            self._check(*fault.edge)
            now = replace(now, faults=(*_without(now.faults, fault.edge), fault))
        if given := request.get("fakes"):
            self._check(*given)
            fakes = {**now.fakes, **{spelled(n): url for n, url in given.items()}}
            kept = {name: url for name, url in fakes.items() if url is not None}
            now = replace(now, fakes=kept)
        return now

    def _check(self, *names: str) -> None:
        known = [*self._around.plan.known, ANY]
        for name in names:
            if spelled(name) not in map(spelled, known):
                raise GlasswareError(
                    f"`{name}` is no service of this site",
                    hint=f"its services: {', '.join(self._around.plan.known)}",
                )

    def _tell(self, before: Injections) -> None:
        for line in self._now.lines():
            if line not in before.lines():
                self._around.bulletin.say("", f"injected: {line}", "warning")
        for line in before.lines():
            if line not in self._now.lines():
                self._around.bulletin.say("", f"no longer injected: {line}")


def _without(faults: tuple[InjectedFault, ...], edge: Any) -> tuple[InjectedFault, ...]:
    if edge is None:
        return ()
    return tuple(f for f in faults if f.edge != tuple(edge))
