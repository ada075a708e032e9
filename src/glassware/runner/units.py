"""The life of what starts and ends together: carries out what `lifecycle` decides.

A unit is one service, one program beside a service, or the services of a
group, which share each of their processes.
"""

import asyncio
import math
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from glassware.errors import GlasswareError
from glassware.plan import Unit
from glassware.status import Phase

from .background import Background, all_of, told
from .crew import Crew, Recruiting, end
from .events import Bulletin, PhaseChanged
from .lifecycle import HEALTHY_AFTER, Action, Event, pause, step
from .services import RunningService
from .trouble import Trouble
from .workers import Address, Worker, WorkerFailed, how_it_ended


LINGER = 0.2
"""Seconds between the last request that can be sent to a worker and its end."""


class Surroundings(Recruiting, Protocol):
    """What the supervisor does for a unit."""

    bulletin: Bulletin
    grace: float | None

    async def publish(self) -> bool:
        """Tell the gateway who serves; return when it knows, and whether it does."""


@dataclass(eq=False)
class RunningUnit:
    """A unit and its workers.

    Attributes:
        plan: How it runs.
        around: What the supervisor does for it.
        trouble: Why it does not serve, or why its new code does not.
        generation: Of its newest workers.
        settled: Set when it first ran or failed.
    """

    plan: Unit
    around: Surroundings
    phase: Phase = Phase.WAITING
    since: float = field(default_factory=time.time)
    trouble: Trouble | None = None
    restarts: int = 0
    generation: int = 0
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: int = 0
    _told: Trouble | None = None
    _strength: float = 0
    _ready_since: float = math.inf
    _events: asyncio.Queue[tuple[Event, int | None]] = field(
        default_factory=asyncio.Queue
    )

    def __post_init__(self) -> None:
        """Begin without workers."""
        self.crew = Crew(self.around, self)
        self._background = Background(self._report)

    @property
    def name(self) -> str:
        """The group's name, or that of the only member."""
        return self.plan.name

    @property
    def members(self) -> tuple[RunningService, ...]:
        """Its services, each with its own sockets, databases and logs."""
        return self.crew.members

    def workers(self) -> tuple[Worker, ...]:
        """Return those that serve and those that are to."""
        return (*self.crew.serving, *self.crew.incoming)

    def serving(self) -> tuple[Worker, ...]:
        """Return those that take requests."""
        return tuple(self.crew.serving)

    def post(self, event: Event, generation: int | None = None) -> None:
        """Let something happen to it.

        Args:
            event: What.
            generation: Of the workers that it is about; it counts for nothing
                once they are not the newest.
        """
        self._events.put_nowait((event, generation))

    def changed(self) -> None:
        """Start it anew from its code as it is now."""
        self._failures = 0
        self.post(Event.REPLACED if self.plan.replaces else Event.CHANGED)

    def kill(self) -> None:
        """End its workers at once."""
        for worker in self.crew:
            worker.drop()

    def hindered(self, reason: str, service: str) -> None:
        """Take note of why something that a service waits for does not come."""
        self.trouble = self._trouble(WorkerFailed(reason, service=service))
        self.settled.set()

    def take_in(
        self, members: tuple[RunningService, ...], former: Iterable["RunningUnit"]
    ) -> None:
        """Begin to live with its services; the workers that they had serve on.

        They are let go when it has workers of its own: a service that moves in
        or out of a group answers all the time.

        Args:
            members: Its services.
            former: The units that they may have been in.
        """
        self.crew.members = members
        for unit in former:
            self.crew.take_over(unit.crew.serving)
            self.generation = max(self.generation, unit.generation)
        if self.crew.serving:
            self.phase, self._strength = Phase.RUNNING, len(self.crew.serving)

    def dismiss(self) -> None:
        """Live no longer: others have taken over, or nobody wants it."""
        # What is still being brought up counts for nothing any more.
        self.generation += 1
        self.post(Event.ASKED_TO_STOP)

    async def run(self) -> None:
        """Live until stopped."""
        for member in self.members:
            member.doorway.open()
        if self.phase is Phase.RUNNING:
            self.changed()
        else:
            self._background.begin(self._wait_for_needs())
        while self.phase is not Phase.STOPPED:
            event, generation = await self._events.get()
            if generation not in {None, self.generation}:
                continue
            try:
                await self._happen(event)
            except Exception as error:  # noqa: BLE001 - it has to hear the next event
                self._report(error)
        self.stopped.set()
        self._background.cancel()

    def worker_ended(self, worker: Worker) -> None:
        """Take note that the process of one of its workers has ended."""
        crew = self.crew
        served, was_ready = worker in crew.serving, worker.is_ready
        incoming = worker in crew.incoming
        crew.forget(worker)
        how = WorkerFailed(f"its worker ended{how_it_ended(worker)}")
        if served:
            self.restarts += 1
            self.trouble = self._trouble(how)
            self._tell(how.reason, self.trouble)
            self.post(Event.WEAKENED if crew.serving else Event.LOST)
        elif incoming and was_ready:
            # Others of its generation may have been let to serve by then.
            self._fail(self.generation, how)
            self.post(Event.WEAKENED)
        if not any(True for _ in crew):
            self.post(Event.GONE)

    async def _happen(self, event: Event) -> None:
        if event is Event.READY and not self.crew.incoming:
            return
        before = self.phase
        self.phase, action = step(before, event)
        await self._do(action, event)
        if self.phase is not before:
            self.since = time.time()
            for member in self.members:
                self.around.bulletin.tell(
                    PhaseChanged(
                        at=self.since,
                        source=member.name,
                        phase=self.phase,
                        reason=member.reason,
                    )
                )
        if self.phase in {Phase.RUNNING, Phase.FAILING, Phase.STOPPED}:
            self.settled.set()

    async def _do(self, action: Action, event: Event) -> None:
        match action:
            case Action.SPAWN:
                self._spawn()
            case Action.RESPAWN:
                self.crew.drop_incoming()
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
        self.generation += 1
        self._background.begin(self._bring_up(self.generation))

    async def _bring_up(self, generation: int) -> None:
        """Start the workers of a generation and post how that went."""
        members = self.members
        try:
            await all_of(member.migrate() for member in members)
            await all_of(member.wait_for(member.after) for member in members)
            await all_of(member.seed() for member in members)
            if generation != self.generation:
                return
            await self.crew.recruit(
                self.plan, generation, lambda: generation == self.generation
            )
        except WorkerFailed as failure:
            self._fail(generation, failure)
        except GlasswareError as error:
            self._fail(generation, WorkerFailed(str(error)))
        else:
            self.post(Event.READY, generation)

    def _fail(self, generation: int, failure: WorkerFailed) -> None:
        if generation == self.generation:
            self.trouble = self._trouble(failure)
            self.post(Event.FAILED, generation)

    def _trouble(self, failure: WorkerFailed) -> Trouble:
        return Trouble(
            reason=failure.reason,
            detail=failure.detail,
            service=failure.service,
            group=self.name if self.plan.group else "",
        )

    def _keep(self) -> None:
        self.crew.drop_incoming()
        if self.trouble is not None:
            self._tell(self.trouble.serves_on(), self.trouble)
        if len(self.crew.serving) < self._strength:
            self._resume_later()

    async def _switch(self) -> None:
        try:
            former = self.crew.switch(replaces=self.plan.replaces)
        except OSError as error:
            self._miss(f"its socket cannot be put into place: {error}")
            return
        self.trouble, self._ready_since = None, time.monotonic()
        self._strength = len(self.crew.serving)
        if not await self.around.publish() and former:
            self._take_back(former)
            return
        kept = self.crew.addresses()
        for worker in former:
            self._retire(worker, kept)
        self.crew.close_doors()

    def _take_back(self, former: list[Worker]) -> None:
        """Let the former workers serve on, because visitors cannot reach others."""
        unknown = self.crew.serving
        self.crew.serving = [w for w in former if not w.ended.is_set()]
        for worker in unknown:
            self._retire(worker)
        self._miss("the gateway cannot be told of the new code")

    def _miss(self, reason: str) -> None:
        """Go on without the incoming workers although they were ready."""
        self.trouble = self._trouble(WorkerFailed(reason))
        if self.crew.serving:
            self._strength = math.inf
            self._keep()
        else:
            self.post(Event.LOST)

    async def _pause(self, *, lost: bool) -> None:
        self.crew.drop_incoming()
        if not lost:
            for member in self.members:
                member.doorway.close()
            await self.around.publish()
            self._tell_once()
        self._resume_later()

    def _resume_later(self) -> None:
        if time.monotonic() - self._ready_since > HEALTHY_AFTER:
            self._failures = 0
        self._failures += 1
        self._ready_since = math.inf
        generation = self.generation
        asyncio.get_running_loop().call_later(
            pause(self._failures), self.post, Event.RESUMED, generation
        )

    def _retire_all(self) -> None:
        # What is still being brought up counts for nothing any more.
        self.generation += 1
        self.crew.drop_incoming()
        former, self.crew.serving = self.crew.serving, []
        for worker in former:
            self._retire(worker)
        if not self.crew.retiring:
            self.post(Event.GONE)

    def _retire(self, worker: Worker, kept: Container[Address] = ()) -> None:
        if self.crew.retire(worker, kept):
            at_once = self.phase is Phase.REPLACING
            self._background.begin(self._end(worker, at_once=at_once))

    async def _end(self, worker: Worker, *, at_once: bool) -> None:
        grace = self.around.grace
        if not at_once and grace is None:
            await asyncio.sleep(LINGER)
        await end(worker, self.plan.drain + 1.0 if grace is None else grace)

    async def _wait_for_needs(self) -> None:
        await all_of(member.wait_for(member.needs) for member in self.members)
        self.post(Event.NEEDS_MET)

    def _report(self, error: BaseException) -> None:
        """Take note of what nobody foresaw; it must not leave the unit waiting."""
        failure = WorkerFailed(*told(error))
        self._tell(failure.reason, self._trouble(failure))
        self._fail(self.generation, failure)

    def _tell_once(self) -> None:
        """Report a failure; one that repeats itself to the letter only once."""
        if self.trouble is not None and self.trouble != self._told:
            self._told = self.trouble
            self._tell(self.trouble.does_not_start(), self.trouble)

    def _tell(self, text: str, about: Trouble) -> None:
        source = about.service or self.name
        self.around.bulletin.say(source, text, "error", about.detail)
