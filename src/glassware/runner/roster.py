"""Which services run, in which units, and what becomes of them in a new plan."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from glassware.plan import Plan, Unit

from .databases import Databases
from .lifecycle import Event
from .services import RunningService
from .services import Surroundings as AroundServices
from .units import RunningUnit
from .units import Surroundings as AroundUnits


Key = tuple[str, tuple[str, ...]]
"""A unit with other members is another unit."""


class Surroundings(AroundServices, AroundUnits, Protocol):
    """What the roster needs of the supervisor."""

    databases: Databases

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the others until the site stops."""


class Roster:
    """The services of a running site, and the units that they run in.

    Attributes:
        services: By name, programs beside services among them.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._units: dict[Key, RunningUnit] = {}
        self.services: dict[str, RunningService] = {}

    @property
    def units(self) -> tuple[RunningUnit, ...]:
        """All of them."""
        return tuple(self._units.values())

    def of(self, names: Iterable[str]) -> tuple[RunningUnit, ...]:
        """Return the units of some services, each once, in the services' order.

        Raises:
            KeyError: One of the services does not run.
        """
        home = {service: unit for unit in self.units for service in unit.members}
        return tuple(dict.fromkeys(home[self.services[name]] for name in names))

    def change(self, names: Iterable[str], *, migration: bool = False) -> None:
        """Start services anew, and whatever shares their processes.

        Args:
            names: The services.
            migration: Whether their databases may be out of date.
        """
        names = tuple(names)
        for name in names:
            self.services[name].migration_due |= migration
        for unit in self.of(names):
            unit.changed()

    def follow(self, plan: Plan) -> frozenset[str]:
        """Run what a plan has, and no longer what it has not.

        Returns:
            The services of which it says something else than before, and that
            run on as they were.
        """
        wanted: dict[Key, Unit] = {(unit.name, unit.names): unit for unit in plan.units}
        left = [self._units.pop(key) for key in self._units.keys() - wanted.keys()]
        gone = self.services.keys() - {service.name for service in plan.services}
        lost = [self.services.pop(name) for name in gone]
        others = {
            service.name
            for unit in wanted.values()
            for service in unit.members
            if (known := self.services.get(service.name)) and known.plan != service
        }
        new = [key for key in wanted if key not in self._units]
        for key, unit in wanted.items():
            self._learn(key, unit, left)
        self._tell_needs()
        for old in left:
            old.dismiss()
            self._around.begin(self._close(old, lost))
        for key in new:
            self._around.begin(self._units[key].run())
        return frozenset(others.difference(*(wanted[key].names for key in new)))

    def stop(self) -> Iterable[Callable[[], Coroutine[Any, Any, Any]]]:
        """Let every unit end; what is returned waits for each."""
        for unit in self.units:
            unit.post(Event.ASKED_TO_STOP)
        return [unit.stopped.wait for unit in self.units]

    def _learn(self, key: Key, plan: Unit, left: Iterable[RunningUnit]) -> None:
        """Let a unit run as a plan says."""
        around = self._around
        unit = self._units.get(key)
        if unit is None:
            unit = self._units[key] = RunningUnit(plan=plan, around=around)
        for member in plan.members:
            service = self.services.get(member.name)
            if service is None:
                service = RunningService(plan=member, around=around, life=unit)
                self.services[member.name] = service
            service.plan, service.life = member, unit
        if not unit.members:
            unit.take_in(tuple(self.services[name] for name in plan.names), left)
        unit.plan = plan

    def _tell_needs(self) -> None:
        for service in self.services.values():
            service.needs = self._around.databases.needs_of(service.plan.service.name)
            service.after = {
                f"{name} migrate": self.services[name].migrated.wait
                for name in service.plan.after
            }

    async def _close(self, unit: RunningUnit, lost: Iterable[RunningService]) -> None:
        """Let callers know at once that what is gone serves no more."""
        await unit.stopped.wait()
        for service in lost:
            if service in unit.members and service.name not in self.services:
                service.doorway.close()
