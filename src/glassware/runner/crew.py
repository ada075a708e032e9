"""The workers of one unit: who serves, who is to, and who is on the way out."""

import signal
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from glassware.plan import ServicePlan, Unit

from .services import RunningService
from .workers import Address, Holder, Order, Worker


class Recruiting(Protocol):
    """What the supervisor does for the workers of a unit."""

    async def start(
        self, unit: Unit, orders: Sequence[Order], holder: Holder
    ) -> Worker:
        """Start a worker."""

    async def order(self, plan: ServicePlan, generation: int, number: int) -> Order:
        """Return what a worker is to be told about a service."""


@dataclass(slots=True, eq=False)
class Crew:
    """The workers of one unit.

    Attributes:
        around: What the supervisor does for them.
        holder: The unit.
        members: Its services.
        serving: They take requests.
        incoming: They are being started.
        retiring: They take no new requests and end.
    """

    around: Recruiting
    holder: Holder
    members: tuple[RunningService, ...] = ()
    serving: list[Worker] = field(default_factory=list)
    incoming: list[Worker] = field(default_factory=list)
    retiring: list[Worker] = field(default_factory=list)

    def __iter__(self) -> Iterator[Worker]:
        """Go through all of them."""
        yield from (*self.serving, *self.incoming, *self.retiring)

    def take_over(self, workers: Collection[Worker]) -> None:
        """Let others' workers serve until there are own ones."""
        for worker in workers:
            if any(member.name in worker.addresses for member in self.members):
                worker.holders.append(self.holder)
                self.serving.append(worker)

    async def recruit(
        self, unit: Unit, generation: int, still: Callable[[], bool]
    ) -> None:
        """Start incoming workers; return when each is ready.

        Args:
            unit: What they are to serve.
            generation: Theirs.
            still: Whether they are still wanted.

        Raises:
            WorkerFailed: One will never be ready.
        """
        for number in range(1, unit.workers + 1):
            orders = [
                await self.around.order(member.plan, generation, number)
                for member in self.members
            ]
            if not still():
                return
            worker = await self.around.start(unit, orders, self.holder)
            if not still():
                self.drop(worker)
                return
            self.incoming.append(worker)
            if any(order.debugs for order in orders):
                # The debugger in the page lives in one process.
                break
        for worker in tuple(self.incoming):
            await worker.ready

    def switch(self, *, replaces: bool) -> list[Worker]:
        """Let the incoming serve; return those that did until now.

        Args:
            replaces: Whether the former have ended already.

        Raises:
            OSError: A socket cannot be put where callers look.
        """
        for member in self.members:
            member.doorway.open()
            for worker in self.incoming:
                member.admit(worker, 0 if replaces else worker.generation)
        former, self.serving, self.incoming = self.serving, self.incoming, []
        for member in self.members:
            member.learn(self.serving[0])
        return former

    def close_doors(self) -> None:
        """Let callers find those who serve and no other."""
        for member in self.members:
            member.doorway.close_all_but(member.addresses)

    def addresses(self) -> frozenset[Address]:
        """Return where those who serve take requests."""
        return frozenset(a for member in self.members for a in member.addresses)

    def set_aside(self, worker: Worker) -> bool:
        """Let callers not find a worker; return whether enough others are there."""
        away = [w for w in self.serving if w.aside]
        enough = 2 * (len(away) + 1) <= len(self.serving)
        if worker not in self.serving or worker.aside or not enough:
            return False
        for member in self.members:
            member.hide(worker)
        worker.aside = True
        return True

    def call_back(self, worker: Worker) -> bool:
        """Let callers find a worker again; return whether they did not."""
        if worker not in self.serving or not worker.aside:
            return False
        for member in self.members:
            member.show(worker)
        worker.aside = False
        return True

    def forget(self, worker: Worker) -> None:
        """Take note that a worker is no more."""
        for workers in (self.serving, self.incoming, self.retiring):
            if worker in workers:
                workers.remove(worker)

    def drop_incoming(self) -> None:
        """End the incoming at once."""
        former, self.incoming = self.incoming, []
        for worker in former:
            self.drop(worker)

    def drop(self, worker: Worker) -> None:
        """End a worker at once."""
        worker.drop()
        if not worker.ended.is_set():
            self.retiring.append(worker)

    def retire(self, worker: Worker, but: Container[Address] = ()) -> bool:
        """Let a worker take no more requests; return whether it is to be ended.

        Args:
            worker: It served until now.
            but: Addresses that have another worker behind them now.
        """
        for member in self.members:
            # One that has moved to another unit is that one's to turn away.
            if member.life is self.holder:
                member.turn_away(worker, but)
        if worker.ended.is_set():
            return False
        if worker.holders != [self.holder]:
            # Somebody else's requests still go to it.
            worker.holders.remove(self.holder)
            return False
        self.retiring.append(worker)
        return True


async def end(worker: Worker, grace: float) -> None:
    """End a worker in good order, at the latest after `grace` seconds."""
    if worker.child is not None:
        await worker.child.stop(signal.SIGTERM, grace)
