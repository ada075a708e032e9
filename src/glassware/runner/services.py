"""One service of the running site: carries out what `lifecycle` decides."""

import asyncio
import math
import signal
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from glassware.errors import GlasswareError
from glassware.plan import ServicePlan
from glassware.status import Endpoint, Phase, ServiceState

from .doorway import Doorway
from .events import Bulletin, Importance, PhaseChanged
from .lifecycle import HEALTHY_AFTER, Action, Event, pause, step
from .workers import Order, Worker, WorkerFailed, endpoints_of, how_it_ended


LINGER = 0.2
"""Seconds between the last request that can be sent to a worker and its end."""


class Surroundings(Protocol):
    """What the supervisor does for a service."""

    runtime: Path
    bulletin: Bulletin
    grace: float | None

    async def start(self, order: Order, on_exit: Callable[[Worker], None]) -> Worker:
        """Start a worker."""

    async def order(self, plan: ServicePlan, generation: int, number: int) -> Order:
        """Return what a worker is to be started with."""

    async def migrate(self, plan: ServicePlan) -> None:
        """Bring the service's databases up to date; raises `WorkerFailed`."""

    async def publish(self) -> bool:
        """Tell the gateway who serves; return when it knows, and whether it does."""


@dataclass
class RunningService:
    """A service and its workers.

    Attributes:
        plan: How it runs.
        around: What the supervisor does for it.
        needs: What it waits for, by name; each ends when it is met.
        settled: Set when it first ran or failed.
        migrated: Set when its migrations have ended, well or not.
    """

    plan: ServicePlan
    around: Surroundings
    needs: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    phase: Phase = Phase.WAITING
    since: float = field(default_factory=time.time)
    reason: str | None = None
    detail: str = ""
    restarts: int = 0
    migration_due: bool = True
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    migrated: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    serving: list[Worker] = field(default_factory=list)
    incoming: list[Worker] = field(default_factory=list)
    retiring: list[Worker] = field(default_factory=list)
    interface: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    modules: frozenset[str] = frozenset()
    _waiting_for: set[str] = field(default_factory=set)
    _failures: int = 0
    _told: tuple[str, str] = ("", "")
    _generation: int = 0
    _strength: float = 0
    _ready_since: float = math.inf
    _migrating: asyncio.Lock = field(default_factory=asyncio.Lock)
    _events: asyncio.Queue[tuple[Event, int | None]] = field(
        default_factory=asyncio.Queue
    )
    _tasks: set[asyncio.Future[None]] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.plan.name

    @cached_property
    def doorway(self) -> Doorway:
        """Where callers find the sockets of its ready workers."""
        return Doorway(self.around.runtime / "services" / self.name)

    def state(self) -> ServiceState:
        """Return how it is at this moment."""
        workers = (*self.serving, *self.incoming)
        return ServiceState(
            name=self.name,
            phase=self.phase,
            pids=tuple(w.pid for w in workers if w.pid is not None),
            restarts=self.restarts,
            since=self.since,
            waiting_for=tuple(sorted(self._waiting_for)),
            reason=self.reason,
            interface=self.interface,
            endpoints=self.endpoints,
        )

    def post(self, event: Event, generation: int | None = None) -> None:
        """Let something happen to it.

        Args:
            event: What.
            generation: Of the workers that it is about; it counts for nothing
                once they are not the newest.
        """
        self._events.put_nowait((event, generation))

    def changed(self, *, migration: bool = False) -> None:
        """Start it anew from its code as it is now."""
        self._failures = 0
        self.migration_due = self.migration_due or migration
        self.post(Event.REPLACED if self.plan.replaces else Event.CHANGED)

    def kill(self) -> None:
        """End its workers at once."""
        for worker in (*self.serving, *self.incoming, *self.retiring):
            worker.drop()

    def hindered(self, reason: str) -> None:
        """Take note of why something that it waits for does not come."""
        if self.phase is Phase.WAITING:
            self.reason = reason
            self.settled.set()

    async def run(self) -> None:
        """Live until stopped."""
        self.doorway.open()
        self._later(self._wait_for_needs())
        while self.phase is not Phase.STOPPED:
            event, generation = await self._events.get()
            if generation not in {None, self._generation}:
                continue
            try:
                await self._happen(event)
            except Exception as error:  # noqa: BLE001 - it has to hear the next event
                self._report(error)
        self.stopped.set()
        for task in tuple(self._tasks):
            task.cancel()

    def worker_ended(self, worker: Worker) -> None:
        """Take note that the process of one of its workers has ended."""
        if worker in self.serving:
            self.serving.remove(worker)
            self.restarts += 1
            self.reason = f"its worker ended{how_it_ended(worker)}"
            self._tell(self.reason, "error")
            self.post(Event.WEAKENED if self.serving else Event.LOST)
        elif worker in self.incoming and worker.is_ready:
            # Others of its generation may have been let to serve by then.
            self._fail(self._generation, f"its worker ended{how_it_ended(worker)}")
            self.post(Event.WEAKENED)
        for workers in (self.incoming, self.retiring):
            if worker in workers:
                workers.remove(worker)
        if not (self.serving or self.incoming or self.retiring):
            self.post(Event.GONE)

    async def _happen(self, event: Event) -> None:
        if event is Event.READY and not self.incoming:
            return
        before = self.phase
        self.phase, action = step(before, event)
        await self._do(action, event)
        if self.phase is not before:
            self.since = time.time()
            self.around.bulletin.tell(
                PhaseChanged(
                    at=self.since,
                    source=self.name,
                    phase=self.phase,
                    reason=self.reason,
                )
            )
        if self.phase in {Phase.RUNNING, Phase.FAILING, Phase.STOPPED}:
            self.settled.set()

    async def _do(self, action: Action, event: Event) -> None:
        match action:
            case Action.SPAWN:
                self._spawn()
            case Action.RESPAWN:
                self._drop_incoming()
                self._spawn()
            case Action.SWITCH:
                await self._switch()
            case Action.KEEP:
                self._keep()
            case Action.PAUSE:
                await self._pause(lost=event is Event.LOST)
            case Action.RENEW:
                self._resume_later()
            case Action.WITHDRAW:
                await self.around.publish()
            case Action.RETIRE:
                self._retire_all()
            case Action.NOTHING:
                pass

    def _spawn(self) -> None:
        self._generation += 1
        self._later(self._bring_up(self._generation))

    async def _bring_up(self, generation: int) -> None:
        """Start the workers of a generation and post how that went."""
        try:
            await self._migrate()
            for number in range(1, self.plan.service.workers + 1):
                order = await self.around.order(self.plan, generation, number)
                if generation != self._generation:
                    return
                worker = await self.around.start(order, self.worker_ended)
                if generation != self._generation:
                    self._drop(worker)
                    return
                self.incoming.append(worker)
                if order.debugs:
                    # The debugger in the page lives in one process.
                    break
            for worker in tuple(self.incoming):
                await worker.ready
        except WorkerFailed as failure:
            self._fail(generation, failure.reason, failure.detail)
        except GlasswareError as error:
            self._fail(generation, str(error))
        else:
            self.post(Event.READY, generation)

    def _fail(self, generation: int, reason: str, detail: str = "") -> None:
        if generation == self._generation:
            self.reason, self.detail = reason, detail
            self.post(Event.FAILED, generation)

    async def _migrate(self) -> None:
        # A save during a migration waits for its end: never two at once.
        async with self._migrating:
            if not self.migration_due:
                return
            self.migration_due = False
            try:
                await self.around.migrate(self.plan)
            except BaseException:
                self.migration_due = True
                raise
            finally:
                self.migrated.set()

    def _keep(self) -> None:
        self._drop_incoming()
        self._tell(f"{self.reason}; the old code serves on", "error", self.detail)
        if len(self.serving) < self._strength:
            self._resume_later()

    async def _switch(self) -> None:
        try:
            self.doorway.open()
            for worker in self.incoming:
                generation = 0 if self.plan.replaces else worker.order.generation
                self.doorway.admit(worker, generation)
        except OSError as error:
            self._miss(f"its socket cannot be put into place: {error}")
            return
        former, self.serving, self.incoming = self.serving, self.incoming, []
        self._learn(self.serving[0])
        self.reason, self.detail, self._ready_since = None, "", time.monotonic()
        self._strength = len(self.serving)
        if not await self.around.publish() and former:
            self._take_back(former)
            return
        admitted = {worker.address for worker in self.serving}
        for worker in former:
            self._retire(worker, keep_address=worker.address in admitted)
        self.doorway.close_all_but(admitted)

    def _take_back(self, former: list[Worker]) -> None:
        """Let the former workers serve on, because visitors cannot reach others."""
        unknown = self.serving
        self.serving = [worker for worker in former if not worker.ended.is_set()]
        for worker in unknown:
            self._retire(worker, keep_address=False)
        self._miss("the gateway cannot be told of the new code")

    def _miss(self, reason: str) -> None:
        """Go on without the incoming workers although they were ready."""
        self.reason = reason
        if self.serving:
            self._strength = math.inf
            self._keep()
        else:
            self.post(Event.LOST)

    def _learn(self, worker: Worker) -> None:
        said = worker.ready.result()
        self.interface = said.get("interface")
        self.modules = frozenset(said.get("modules", ()))
        self.endpoints = endpoints_of(said)

    async def _pause(self, *, lost: bool) -> None:
        self._drop_incoming()
        if not lost:
            self.doorway.close()
            await self.around.publish()
            self._tell_once(f"does not start: {self.reason}")
        self._resume_later()

    def _resume_later(self) -> None:
        if time.monotonic() - self._ready_since > HEALTHY_AFTER:
            self._failures = 0
        self._failures += 1
        self._ready_since = math.inf
        generation = self._generation
        asyncio.get_running_loop().call_later(
            pause(self._failures), self.post, Event.RESUMED, generation
        )

    def _drop_incoming(self) -> None:
        former, self.incoming = self.incoming, []
        for worker in former:
            self._drop(worker)

    def _drop(self, worker: Worker) -> None:
        worker.drop()
        if not worker.ended.is_set():
            self.retiring.append(worker)

    def _retire_all(self) -> None:
        # What is still being brought up counts for nothing any more.
        self._generation += 1
        self._drop_incoming()
        former, self.serving = self.serving, []
        for worker in former:
            self._retire(worker, keep_address=False)
        if not self.retiring:
            self.post(Event.GONE)

    def _retire(self, worker: Worker, *, keep_address: bool) -> None:
        if isinstance(worker.address, Path) and not keep_address:
            worker.address.unlink(missing_ok=True)
        if not worker.ended.is_set():
            self.retiring.append(worker)
            replacing = self.phase is Phase.REPLACING
            self._later(self._end(worker, at_once=replacing))

    async def _end(self, worker: Worker, *, at_once: bool) -> None:
        grace = self.around.grace
        if not at_once and grace is None:
            await asyncio.sleep(LINGER)
        if worker.child is not None:
            drain = self.plan.service.drain + 1.0 if grace is None else grace
            await worker.child.stop(signal.SIGTERM, drain)

    async def _wait_for_needs(self) -> None:
        self._waiting_for = set(self.needs)
        for name, met in self.needs.items():
            await met()
            self._waiting_for.discard(name)
        self.post(Event.NEEDS_MET)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(error)

    def _report(self, error: BaseException) -> None:
        """Take note of what nobody foresaw; it must not leave the service waiting."""
        reason = f"{type(error).__name__}: {error}"
        detail = "".join(traceback.format_exception(error))
        self._tell(reason, "error", detail)
        self._fail(self._generation, reason, detail)

    def _tell_once(self, text: str) -> None:
        """Report a failure; one that repeats itself to the letter only once."""
        if self._told != (text, self.detail):
            self._told = (text, self.detail)
            self._tell(text, "error", self.detail)

    def _tell(self, text: str, importance: Importance, detail: str = "") -> None:
        self.around.bulletin.say(self.name, text, importance, detail)
