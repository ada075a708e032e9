"""The supervisor: owns every process of a running site and wires the actors."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassware.errors import GlasswareError
from glassware.plan import Plan, ServicePlan, Unit
from glassware.status import Phase, Snapshot

from .addresses import Ports, pair_address, plain_address
from .answers import control_of
from .background import Background, told
from .data import bring_up_data
from .databases import Databases
from .directory import Listing
from .events import Bulletin, Logged, SiteReady
from .fragments_named import FragmentsNamed
from .front import Front
from .guard import heard, let_signals
from .injected import Injected
from .keeper import Keeper
from .keys import Keys
from .liveness import Liveness
from .logs import Joiner, LogStore
from .orders import Orders
from .pipes import open_pipe
from .preload import preload
from .processes import Nursery
from .roster import Roster
from .seeds import Seeds
from .starter import Starter
from .state import State
from .tasks import Tasks
from .visitors import Visitors
from .watcher import Watcher
from .workers import Holder, Order, Worker, WorkerFailed
from .zygotes import Zygotes


SETTLED_WITHIN = 25.0
QUICKLY = 0.8
"""Seconds that anything may take to end when the site stops in development."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How `up` was asked to run the site.

    Attributes:
        port: The public port that was asked for; 0: any that is free; `None`:
            the manifest's.
        debug: The service that gets the terminal.
        began: When the command was given, by the monotonic clock.
        dotenv: Variables of the `.env` files, by service.
        secrets: Looks a secret up by its name.
        fresh: Whether the site's databases are to begin empty.
        data_only: Whether nothing but the databases is brought up.
    """

    port: int | None = None
    debug: str | None = None
    began: float = field(default_factory=time.monotonic)
    dotenv: Callable[[Path], Mapping[str, str]] = lambda _: {}
    secrets: Callable[[str], str] = lambda _: ""
    fresh: bool = False
    data_only: bool = False


class Threads(ThreadPoolExecutor):
    """Threads that a stop does not wait for: the process ends with them."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work."""
        del wait
        super().shutdown(wait=False, cancel_futures=cancel_futures)


class Supervisor:
    """Runs a plan until it is asked to stop.

    Args:
        load: Reads the manifests anew and returns the plan.
        plan: What to run.
        state: Claimed by this process.
        options: How.
        bulletin: Where events are told.
    """

    def __init__(
        self,
        load: Callable[[], Plan],
        plan: Plan,
        state: State,
        options: Options,
        bulletin: Bulletin,
    ) -> None:
        self.plan = plan
        self.state = state
        self.options = options
        self.bulletin = bulletin
        self.runtime = state.runtime
        self.grace: float | None = None
        self.logs = LogStore(state.logs)
        self.roster = Roster(self)
        self.services = self.roster.services
        self._load = load
        self.nursery = Nursery()
        self.ports = Ports(state)
        self.addresses: dict[str, tuple[str, int]] = {}
        self.pairs: dict[tuple[str, str], tuple[str, int]] = {}
        self.keys = Keys()
        self.visitors = Visitors(self)
        self.zygotes = Zygotes(
            nursery=self.nursery,
            output=self.output,
            environment=dict(os.environ),
            preload=preload(plan),
        )
        self.seeds = Seeds(state.folder)
        self.databases = Databases(self, fresh=options.fresh)
        self.injected = Injected(self)
        self._listing = Listing(self)
        self._fragments = FragmentsNamed(self, self._listing.hear_fragments)
        self._starter = Starter(self.nursery, self.zygotes, self.output)
        self._orders = Orders(self, options.secrets, options.debug)
        self._front = Front(self, options.port)
        self._tasks = Tasks(self)
        self._watcher = Watcher(self)
        self._control = control_of(self)
        self._asked_to_stop = asyncio.Event()
        self._code = 0
        self._background = Background(self._unforeseen)

    @property
    def development(self) -> bool:
        """Whether the site runs for its authors."""
        return not self.plan.production

    @property
    def url(self) -> str:
        """The site's public address."""
        return self._front.url

    @property
    def port(self) -> int:
        """The site's public port."""
        return self._front.port

    async def run(self) -> int:
        """Run the site; return the exit code of the command."""
        self.nursery.open()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads())
        loop.set_exception_handler(self._unheard_of)
        self.bulletin.listeners.insert(0, self.logs.hear)
        self._hear_signals()
        try:
            self._front.prepare(self.ports)
            await self._control.open(self.state.control)
            self.state.announce(self.url)
            if self.options.data_only:
                self._find_places(self.plan)
                self.begin(self._bring_up_data())
            else:
                self._bring_up_all()
            await self._asked_to_stop.wait()
        finally:
            await self._wind_down()
            self._hear_no_signals()
        return self._code

    def _bring_up_all(self) -> None:
        self.begin(self._front.run())
        self._bring_up(self.plan)
        self.begin(self._front.renew())
        self.begin(self._front.keep_certificate())
        self.begin(Keeper(self).run())
        self.begin(self.visitors.run())
        self.begin(Liveness(self).run())
        if self.development:
            self.begin(self._fragments.run())
            self.begin(self._watcher.run())
            self.begin(self._watcher.run_installs())
        self.begin(self._say_when_ready())

    async def _bring_up_data(self) -> None:
        try:
            await bring_up_data(self)
        except WorkerFailed as failure:
            self._tell(failure.service, failure.reason, "error", failure.detail)
            self._code = 1
            self.stop()
        else:
            self._say_that_it_is_ready(())

    def stop(self) -> None:
        """Ask the site to stop; asked twice, it stops at once."""
        if self._asked_to_stop.is_set():
            self.grace = 0.0
            for unit in self.roster.units:
                unit.kill()
        else:
            self._tell("", "stops")
        self._asked_to_stop.set()

    def snapshot(self) -> Snapshot:
        """Return the whole site at this moment."""
        return Snapshot(
            site=self.plan.site,
            url=self.url,
            pid=os.getpid(),
            services=tuple(s.state() for s in self.services.values()),
            engines=self.databases.states(),
            gateway_pid=self._front.pid,
            faults=self.injected.lines(),
        )

    async def caught_up(self) -> None:
        """Return when the gateway knows what holds now; see `Supervised`."""
        await self._front.caught_up()

    async def restart(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Start services anew, each when the one before it runs or has failed.

        Returns:
            All that were started anew: whatever shares a process with them, too.

        Raises:
            KeyError: One of them does not run.
        """
        units = self.roster.of(names)
        for unit in units:
            unit.settled.clear()
            for member in unit.members:
                # One that hangs would hold up the next one for ever.
                member.give_up()
            self.roster.change((member.name for member in unit.members), migration=True)
            await unit.settled.wait()
        return tuple(member.name for unit in units for member in unit.members)

    async def start(
        self, unit: Unit, orders: Sequence[Order], holder: Holder
    ) -> Worker:
        """Start a worker; see `crew.Recruiting`."""
        return await self._starter.start(unit, orders, holder)

    async def order(self, plan: ServicePlan, generation: int, number: int) -> Order:
        """Return what a worker is to be started with; see `crew.Recruiting`."""
        return await self._orders.order(plan, generation, number)

    async def variables(self, plan: ServicePlan) -> dict[str, str]:
        """Return the complete environment of a service, as it runs now."""
        return await self._orders.variables(plan)

    def inherited(self, folder: Path) -> Mapping[str, str]:
        """Return the variables that a program in a folder starts from."""
        return {**self.options.dotenv(folder), **os.environ}

    async def migrate(self, plan: ServicePlan) -> None:
        """Bring a service's databases up to date; see `Surroundings`."""
        await self._tasks.migrate(plan)

    async def seed(self, plan: ServicePlan) -> None:
        """Put first data into a service's databases; see `Surroundings`."""
        await self._tasks.seed(plan)

    async def publish(self) -> bool:
        """Tell the gateway who serves; return whether it knows; see `Surroundings`."""
        self._watcher.look_again()
        self._listing.write()
        return await self._front.publish()

    def output(self, source: str) -> int:
        """Return the writing end of a pipe whose lines are told as `source`'s."""
        joiner = Joiner()

        def hear(entries: list[str]) -> None:
            for text in entries:
                self.bulletin.tell(Logged(at=time.time(), source=source, text=text))

        _, writing = open_pipe(
            lambda data: hear(joiner.feed(data)), lambda: hear(joiner.end())
        )
        return writing

    async def move_in(self) -> None:
        """Run everything in a runtime folder that was made anew."""
        await self._control.open(self.state.control)
        self.injected.write()
        self._front.move_in()
        self.databases.move_in()
        self.roster.change(self.services)

    def _bring_up(self, plan: Plan) -> frozenset[str]:
        """Run what `plan` has; see `Roster.follow`."""
        self._find_places(plan)
        return self.roster.follow(plan)

    def _find_places(self, plan: Plan) -> None:
        """Start the databases of a plan, and choose addresses for its services."""
        self.plan = plan
        self.visitors.write()
        self.databases.bring_up()
        for service in plan.services:
            if service.address and service.name not in self.addresses:
                address = plain_address(plan, service, self.ports)
                self.addresses[service.name] = address
        for pair in plan.pairs:
            if pair not in self.pairs:
                self.pairs[pair] = pair_address(plan, *pair, self.ports)

    def replan(self) -> frozenset[str]:
        """Read the manifests anew and run what they say now; keep on if they cannot.

        Returns:
            The services of which they say something else than before.
        """
        try:
            plan = self._load()
        except (GlasswareError, OSError, ValueError) as error:
            self._tell("", str(error), "error")
            return frozenset()
        known = {name: self.plan.callers_of(name) for name in self.services}
        signs_in = self.visitors.published().service
        others = self._bring_up(plan)
        self._listing.write()
        self.begin(self.publish())
        # Who may call a service is told to it when it starts.
        others |= {n for n, who in known.items() if plan.callers_of(n) != who}
        # So is the key that visitors' tokens are signed with.
        signing = {signs_in} ^ {self.visitors.published().service}
        return others | (signing & self.services.keys())

    def saved(self, paths: frozenset[Path]) -> None:
        """Take note of files that were saved; see `watcher.Surroundings`."""
        self._fragments.saved(paths)

    async def _say_when_ready(self) -> None:
        waiting = [unit.settled.wait() for unit in self.roster.units]
        with suppress(TimeoutError):
            # One that takes its time, or for ever, hides the address from nobody.
            await asyncio.wait_for(asyncio.gather(*waiting), SETTLED_WITHIN)
        await self._front.ready.wait()
        if self._asked_to_stop.is_set():
            return
        states = [service.state() for service in self.services.values()]
        self._say_that_it_is_ready(
            tuple(s.name for s in states if s.phase is not Phase.RUNNING)
        )

    def _say_that_it_is_ready(self, failing: tuple[str, ...]) -> None:
        self.bulletin.tell(
            SiteReady(
                at=time.time(),
                url=self.url,
                seconds=time.monotonic() - self.options.began,
                failing=failing,
            )
        )

    async def _wind_down(self) -> None:
        """End everything: who answers visitors first, who keeps data last."""
        if self.grace is None and self.development:
            self.grace = QUICKLY
        self._front.hurry()
        await asyncio.gather(*(stopped() for stopped in self.roster.stop()))
        grace = QUICKLY if self.grace is not None else 10.0
        self.zygotes.forget()
        await self._control.close()
        await self._front.stop(grace)
        await self.databases.stop(grace)
        await self._background.end()

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for signum in heard():
            loop.add_signal_handler(signum, self.stop)
        let_signals()

    def _hear_no_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for signum in heard():
            loop.remove_signal_handler(signum)
            # Another Ctrl-C changes nothing any more, not even the exit code.
            signal.signal(signum, signal.SIG_IGN)

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine beside the others until the site stops."""
        self._background.begin(work)

    def _unheard_of(self, _: object, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        self._unforeseen(error or RuntimeError(context["message"]))

    def _unforeseen(self, error: BaseException) -> None:
        """Report a fault of glassware's own; the site goes on without what failed."""
        said, detail = told(error)
        self._tell("", f"unforeseen: {said}", "error", detail)

    def _tell(
        self, source: str, text: str, importance: Any = "info", detail: str = ""
    ) -> None:
        self.bulletin.say(source, text, importance, detail)
