"""One service of the running site: where it is reached, and what it needs."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from glassware.plan import ServicePlan
from glassware.status import Endpoint, Phase, ServiceState

from .doorway import Doorway
from .trouble import Trouble
from .workers import Address, Holder, Worker, WorkerFailed, endpoints_of


Needs = Mapping[str, Callable[[], Awaitable[object]]]
"""What is waited for, by name; each ends when it is met."""


class Surroundings(Protocol):
    """What the supervisor does for a service."""

    runtime: Path

    async def migrate(self, plan: ServicePlan) -> None:
        """Bring the service's databases up to date; raises `WorkerFailed`."""

    async def seed(self, plan: ServicePlan) -> None:
        """Put first data into what has none; raises `WorkerFailed`."""


class Life(Holder, Protocol):
    """What a service shares with the others of its unit."""

    phase: Phase
    since: float
    trouble: Trouble | None
    restarts: int
    settled: asyncio.Event

    def workers(self) -> tuple[Worker, ...]:
        """Return those that serve and those that are to."""

    def serving(self) -> tuple[Worker, ...]:
        """Return those that take requests."""

    def changed(self) -> None:
        """Start anew from the code as it is now."""

    def hindered(self, reason: str, service: str) -> None:
        """Take note of why something that a service waits for does not come."""


@dataclass(eq=False)
class RunningService:
    """A service, or a program beside one.

    Attributes:
        plan: How it runs.
        around: What the supervisor does for it.
        life: That of the unit that it runs in.
        needs: What it waits for before its databases are brought up to date.
        after: What it waits for then, before it starts.
        waiting_for: What has not come yet.
        migration_due: Whether its databases may be out of date.
        migrated: Set when its migrations have ended, well or not.
    """

    plan: ServicePlan
    around: Surroundings
    life: Life
    needs: Needs = field(default_factory=dict)
    after: Needs = field(default_factory=dict)
    waiting_for: frozenset[str] = frozenset()
    migration_due: bool = True
    migrated: asyncio.Event = field(default_factory=asyncio.Event)
    interface: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    modules: frozenset[str] = frozenset()
    pages: Mapping[int, str] = field(default_factory=dict)
    _migration: asyncio.Future[None] | None = None
    _migrating: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.plan.name

    @property
    def phase(self) -> Phase:
        """Where it is in its life."""
        return self.life.phase

    @property
    def reason(self) -> str | None:
        """Why it does not serve, or why its new code does not."""
        trouble = self.life.trouble
        return None if trouble is None else trouble.of(self.name)

    @property
    def detail(self) -> str:
        """More lines of the same, such as a traceback."""
        return self.life.trouble.detail if self.life.trouble else ""

    @property
    def serving(self) -> tuple[Worker, ...]:
        """The workers that take its requests."""
        mine = (w for w in self.life.serving() if self.name in w.addresses)
        return tuple(worker for worker in mine if not worker.aside)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where those workers take them."""
        return tuple(worker.addresses[self.name] for worker in self.serving)

    @cached_property
    def doorway(self) -> Doorway:
        """Where callers find the sockets of its ready workers."""
        return Doorway(self.around.runtime / "services" / self.name)

    def state(self) -> ServiceState:
        """Return how it is at this moment."""
        mine = (w for w in self.life.workers() if self.name in w.addresses)
        return ServiceState(
            name=self.name,
            group=self.plan.group,
            phase=self.phase,
            pids=tuple(worker.pid for worker in mine if worker.pid is not None),
            restarts=self.life.restarts,
            since=self.life.since,
            waiting_for=tuple(sorted(self.waiting_for)),
            reason=self.reason,
            interface=self.interface,
            endpoints=self.endpoints,
        )

    def changed(self) -> None:
        """Start it anew from its code as it is now, and all of its unit with it."""
        self.life.changed()

    def hindered(self, reason: str) -> None:
        """Take note of why something that it waits for does not come."""
        if self.waiting_for:
            self.life.hindered(reason, self.name)

    async def wait_for(self, needs: Needs) -> None:
        """Return when all of `needs` are met."""
        self.waiting_for = frozenset(needs)
        for name, met in needs.items():
            await met()
            self.waiting_for -= {name}

    async def migrate(self) -> None:
        """Bring its databases up to date, if that may be needed.

        Raises:
            WorkerFailed: That failed.
        """
        # A save during a migration waits for its end: never two at once.
        async with self._migrating:
            if not self.migration_due:
                return
            self.migration_due = False
            try:
                await self._migrate_now()
            except WorkerFailed as failure:
                self.migration_due = True
                failure.service = self.name
                raise
            except BaseException:
                self.migration_due = True
                raise
            finally:
                self.give_up()
                self.migrated.set()

    async def _migrate_now(self) -> None:
        work = self.around.migrate(self.plan)
        self._migration = asyncio.ensure_future(work)
        await asyncio.wait({self._migration})
        if self._migration.cancelled():
            raise WorkerFailed("its migration was ended")
        self._migration.result()

    def give_up(self) -> None:
        """End a migration that runs, however far it is."""
        if self._migration is not None:
            self._migration.cancel()

    async def seed(self) -> None:
        """Put first data into its databases, if they have none.

        Raises:
            WorkerFailed: That failed.
        """
        async with self._migrating:
            try:
                await self.around.seed(self.plan)
            except WorkerFailed as failure:
                failure.service = self.name
                raise

    def admit(self, worker: Worker, generation: int) -> None:
        """Put a worker's socket where callers look.

        Raises:
            OSError: It cannot be put there.
        """
        address = worker.addresses[self.name]
        name = f"{generation}.{worker.number}"
        worker.addresses[self.name] = self.doorway.admit(address, name)

    def hide(self, worker: Worker) -> None:
        """Put a worker's socket where nobody looks."""
        address = worker.addresses.get(self.name)
        if isinstance(address, Path):
            elsewhere = self.around.runtime / "starting" / f"{self.name}.{address.name}"
            with suppress(OSError):
                worker.addresses[self.name] = address.replace(elsewhere)

    def show(self, worker: Worker) -> None:
        """Put a worker's socket back where callers look."""
        address = worker.addresses.get(self.name)
        if isinstance(address, Path):
            name = address.stem.removeprefix(f"{self.name}.")
            with suppress(OSError):
                worker.addresses[self.name] = self.doorway.admit(address, name)

    def learn(self, worker: Worker) -> None:
        """Take note of what a worker reported of it."""
        said = worker.ready.result()[self.name]
        self.interface = said.get("interface")
        self.modules = frozenset(said.get("modules", ()))
        self.endpoints = endpoints_of(said)
        self.pages = {int(n): page for n, page in said.get("pages", {}).items()}

    def turn_away(self, worker: Worker, but: Container[object] = ()) -> None:
        """Take a worker's socket out of sight, unless it is one of `but`."""
        address = worker.addresses.get(self.name)
        if isinstance(address, Path) and address not in but:
            address.unlink(missing_ok=True)
