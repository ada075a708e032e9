"""All database servers of the running site, and what services get on them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from glassware import engines
from glassware.engines import Access, Engine, Grant
from glassware.errors import NotFetched
from glassware.plan import DatabasePlan, Plan, ServerPlan
from glassware.status import EngineState

from .addresses import Ports
from .background import all_of
from .events import Bulletin
from .given import Given
from .logs import LogStore
from .processes import Nursery
from .seeds import Seeds
from .servers import Home, RunningServer
from .services import RunningService
from .state import State


class Surroundings(Protocol):
    """What the databases need of the supervisor."""

    plan: Plan
    state: State
    ports: Ports
    nursery: Nursery
    bulletin: Bulletin
    logs: LogStore
    seeds: Seeds
    services: dict[str, RunningService]

    def output(self, source: str) -> int:
        """Return the writing end of a pipe for a source."""

    async def publish(self) -> bool:
        """Tell the gateway who serves, and who does not; return whether it knows."""

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine beside the others until the site stops."""

    def inherited(self, folder: Path) -> Mapping[str, str]:
        """Return the variables that a program in a folder starts from."""


class Databases:
    """The servers of one site, each started when the plan first has it.

    Args:
        around: The supervisor.
        fresh: Whether what is in the databases of the first plan is to go.
    """

    def __init__(self, around: Surroundings, *, fresh: bool = False) -> None:
        self._around = around
        self._fresh = fresh
        self._emptied: set[tuple[str, str]] = set()
        self._servers: dict[str, RunningServer] = {}

    def bring_up(self) -> None:
        """Start the servers that the plan has and that do not run yet."""
        for plan in self._around.plan.servers:
            if (kept := self._servers.get(plan.key)) is not None:
                kept.promise(self._on(plan.key))
                self._around.begin(kept.keep_promises())
            else:
                server = self._servers[plan.key] = self._server(plan)
                self._around.begin(server.run())
        # What a save adds was not among what somebody agreed to lose.
        self._fresh = False

    def needs_of(self, service: str) -> dict[str, Callable[[], Awaitable[Access]]]:
        """Return what a service has to wait for, by the server's name."""
        return {
            d.server: partial(self._servers[d.server].access, d.service, d.name)
            for d in self._around.plan.databases_of(service)
        }

    def access(self, database: DatabasePlan) -> Awaitable[Access]:
        """Return how a service reaches one of its databases, once it does."""
        return self._servers[database.server].access(database.service, database.name)

    def engine_of(self, database: DatabasePlan) -> Engine:
        """Return how the server of a database is driven."""
        return self._servers[database.server].engine

    def is_new(self, service: str) -> bool:
        """Tell whether a service's data began with this site, so far as is known.

        What is on an existing server may be there for long.
        """
        plans = {plan.key: plan for plan in self._around.plan.servers}
        return all(
            plans[d.server].url is None or (d.service, d.name) in self._emptied
            for d in self._around.plan.databases_of(service)
        )

    def check_fetched(self, service: str) -> None:
        """Check that a service waits for no server that has to be fetched.

        Raises:
            NotFetched: It does.
        """
        for database in self._around.plan.databases_of(service):
            state = self._servers[database.server].state()
            if state.to_fetch:
                raise NotFetched(
                    f"`{service}` does not run: {state.reason}",
                    hint="glassware install",
                )

    async def accesses_of(self, service: str) -> dict[str, Access]:
        """Return how a service reaches its databases, once it does."""
        return {
            d.name: await self._servers[d.server].access(d.service, d.name)
            for d in self._around.plan.databases_of(service)
        }

    def offered_to(self, service: str) -> dict[str, Mapping[str, str]]:
        """Return the ordinary variables of a service's engines."""
        return {
            d.engine: self._servers[d.server].engine.variables
            for d in self._around.plan.databases_of(service)
        }

    def states(self) -> tuple[EngineState, ...]:
        """Return how the servers are at this moment."""
        return tuple(server.state() for server in self._servers.values())

    async def each(self, work: Callable[[Engine, str, Grant], None]) -> None:
        """Do the same for each database of each server at once, in threads."""
        await all_of(server.each(work) for server in self._servers.values())

    def told(self, database: DatabasePlan) -> dict[str, str | None]:
        """Return what there is to say about a database at this moment."""
        server = self._servers[database.server].state()
        return {
            "service": database.service,
            "name": database.name,
            "engine": database.engine,
            "source": "existing database" if database.url else server.source,
            "version": server.version,
            "state": server.phase,
            "reason": server.reason,
        }

    def move_in(self) -> None:
        """Start the embedded servers anew in a runtime folder that was made anew."""
        for server in self._servers.values():
            if server.home is not None:
                server.home.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
                server.begin_anew()

    async def stop(self, grace: float) -> None:
        """End them all, each in good order or after `grace` seconds."""
        await asyncio.gather(*(s.stop(grace) for s in self._servers.values()))

    def _server(self, plan: ServerPlan) -> RunningServer:
        around = self._around
        stale: set[tuple[str, str]] = set()
        if self._fresh:
            around.seeds.forget(d.service for d in self._on(plan.key))
        if self._fresh and not plan.as_it_is:
            stale = {(d.service, d.name) for d in self._on(plan.key)}
            self._emptied |= stale
        return RunningServer(
            plan=plan,
            engine=_engine(plan),
            nursery=around.nursery,
            output=around.output,
            bulletin=around.bulletin,
            passwords=around.state.credential,
            last_words=around.logs.last,
            home=self._home(plan.key) if plan.url is None else None,
            url=self._existing(plan.url or ""),
            on_fault=partial(self._hinder, plan.key),
            databases=self._on(plan.key),
            stale=stale,
        )

    def _home(self, key: str) -> Home:
        """Make the folders of a server of the site's own."""
        state = self._around.state
        # A number, because the whole path of a socket has to be short.
        runtime = state.runtime / "engines" / str(len(self._servers))
        runtime.mkdir(mode=0o700)
        data = state.folder / "engines" / key
        if not data.exists():
            self._around.seeds.forget(d.service for d in self._on(key))
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Home(
            data=data,
            runtime=runtime,
            port=self._around.ports.claim(f"engine {key}"),
            password=state.credential(f"engine {key}"),
        )

    def _existing(self, url: str) -> str:
        """Return an existing server's URL: as it is written, or from a variable."""
        if not url.startswith("env:"):
            return url
        inherited = self._around.inherited(self._around.plan.folder)
        return inherited.get(url.removeprefix("env:"), "")

    def _on(self, key: str) -> tuple[DatabasePlan, ...]:
        return tuple(d for d in self._around.plan.databases if d.server == key)

    def _hinder(self, key: str, fault: str) -> None:
        """Let those that wait for a server, or for who needs it, say why."""
        needing = {database.service for database in self._on(key)}
        to_fetch = self._servers[key].state().to_fetch
        for service in self._around.services.values():
            name, after = service.plan.service.name, service.plan.after
            if to_fetch and name in needing:
                # It may never be fetched: callers do without, or say so.
                service.migrated.set()
            if name in needing or (not to_fetch and needing.intersection(after)):
                service.hindered(fault)
        if self._around.services:
            # Visitors read why there is nothing.
            self._around.begin(self._around.publish())


def _engine(plan: ServerPlan) -> Engine:
    engine = engines.find(plan.engine)
    return Given(engine) if plan.as_it_is else engine
