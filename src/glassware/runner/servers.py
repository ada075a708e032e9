"""The database servers of the site: started, asked, provisioned, kept running."""

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Place,
    Program,
    containers,
    sources,
)
from glassware.errors import EngineError, GlasswareError, NotFetched
from glassware.plan import DatabasePlan, ServerPlan
from glassware.status import EngineState

from .background import all_of
from .events import Bulletin, Importance
from .lifecycle import pause
from .processes import Child, Nursery


READY_WITHIN = 60.0
TOLD_AFTER = 5.0
ASK_EVERY = 0.02
END_WITHIN = 5.0
HEALTHY_AFTER = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A `Place` whose program is not found yet."""

    data: Path
    runtime: Path
    port: int
    password: str = field(repr=False)

    def of(self, program: Program) -> Place:
        """Return the place with its program."""
        return Place(
            program=program,
            data=self.data,
            runtime=self.runtime,
            port=self.port,
            password=self.password,
        )


@dataclass(slots=True)
class RunningServer:
    """One database server.

    Attributes:
        plan: What it is.
        engine: How its kind is driven.
        home: Where the site's own lives; `None`: it exists elsewhere.
        place: The same, once its program is found.
        url: The administrator's address of an existing one.
        grants: What services get on it, by service and name.
        stale: Those databases whose data is to go before they are made.
        passwords: Gives the password for a purpose.
        last_words: Gives the last lines that a source wrote.
        on_fault: Told why it does not come up.
    """

    plan: ServerPlan
    engine: Engine
    nursery: Nursery
    output: Callable[[str], int]
    bulletin: Bulletin
    passwords: Callable[[str], str] = field(repr=False)
    last_words: Callable[[str], str]
    on_fault: Callable[[str], None]
    home: Home | None = None
    place: Place | None = None
    url: str = field(default="", repr=False)
    databases: tuple[DatabasePlan, ...] = ()
    stale: set[tuple[str, str]] = field(default_factory=set)
    ready: bool = False
    child: Child | None = None
    version: str = ""
    _accesses: dict[tuple[str, str], asyncio.Future[Access]] = field(
        default_factory=dict
    )
    _told: str = ""
    _fault: str | None = None
    _to_fetch: bool = False
    _admin_url: str = field(default="", repr=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Make a promise for every database."""
        self.promise(self.databases)

    def promise(self, databases: tuple[DatabasePlan, ...]) -> None:
        """Take on these databases; `keep_promises` makes those that are new."""
        loop = asyncio.get_running_loop()
        self.databases = databases
        for database in databases:
            self._accesses.setdefault(_key(database), loop.create_future())

    def access(self, service: str, name: str) -> Awaitable[Access]:
        """Return how a service reaches its database, once it does."""
        return asyncio.shield(self._accesses[(service, name)])

    def state(self) -> EngineState:
        """Return how it is at this moment."""
        program = self.place.program if self.place else None
        source = "existing server" if self.home is None else ""
        if program is not None:
            source = program.source
        return EngineState(
            key=self.plan.key,
            engine=self.plan.engine,
            version=self.version,
            program=program.title if program else "",
            source=source,
            reason=self._fault if not self.ready else None,
            to_fetch=self._to_fetch,
            ready=self.ready,
            pid=self.child.pid if self.child and self.child.running else None,
        )

    async def run(self) -> None:
        """Bring it up and keep it up until `stop`."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                await self._bring_up()
            except Exception as error:  # noqa: BLE001 - clients have errors of their own
                if self._stopping.is_set():
                    return
                self._complain(error)
                await self._end_child(END_WITHIN)
            else:
                await self._until_it_ends()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            failures = 1 if lived > HEALTHY_AFTER else failures + 1
            await asyncio.sleep(max(0.0, pause(failures) - lived))

    async def keep_promises(self) -> None:
        """Make what was promised while it ran; a start makes the rest."""
        failures = 0
        while self.ready and not self._stopping.is_set() and self._owed():
            try:
                await self._provision_owed()
            except Exception as error:  # noqa: BLE001 - as above
                failures += 1
                self._tell(str(error), "error")
                await asyncio.sleep(pause(failures))

    async def each(self, work: Callable[[Engine, str, Grant], None]) -> None:
        """Do the same for each of its databases at once, in threads.

        Raises:
            EngineError: It does not run, and should.
        """
        if self._to_fetch:
            return
        if not self.ready:
            raise EngineError(f"`{self.plan.key}` does not run", hint="glassware ps")
        await all_of(
            asyncio.to_thread(work, self.engine, self._admin_url, self._grant(database))
            for database in self.databases
        )

    def begin_anew(self) -> None:
        """Let the embedded server end; `run` starts it again."""
        launch = sources.launch(self.engine, self.place) if self.place else None
        if self.child is not None and launch is not None:
            self.child.send(launch.stop)

    async def stop(self, grace: float) -> None:
        """End it in good order, or after `grace` seconds at once."""
        self._stopping.set()
        await self._end_child(grace)

    async def _end_child(self, grace: float) -> None:
        launch = sources.launch(self.engine, self.place) if self.place else None
        if self.child is not None and launch is not None:
            await self.child.stop(launch.stop, grace)

    async def _bring_up(self) -> None:
        admin_url = self.url
        if self.home is not None:
            program = await asyncio.to_thread(self._choose, self.home.data)
            self.place, self.version = self.home.of(program), program.version
            if not self._told:
                await self._announce(program)
            await asyncio.to_thread(sources.prepare, self.engine, self.place)
            if self._stopping.is_set():
                return
            self._start(self.place)
            admin_url = self.engine.admin_url(self.place)
        await self._until_ready(admin_url)
        self._admin_url = admin_url
        for database in self.databases:
            await self._provision(admin_url, database)
        await self._provision_owed()
        self.ready, self._told, self._fault = True, "", None
        self._to_fetch = False
        self._tell(f"ready: {self.plan.engine} {self.version}".rstrip(), "good")

    def _choose(self, data: Path) -> Program:
        plan = self.plan
        wanted = sources.Wanted(
            source=plan.source, program=plan.program, image=plan.image
        )
        return sources.choose(self.engine, wanted, data)

    async def _announce(self, program: Program) -> None:
        source = "" if program.source == "embedded" else f" ({program.source})"
        what = program.title or self.plan.engine
        note = f", {program.note}" if program.note else ""
        self._tell(f"starts {what} {program.version}{source}{note}", "info")
        if program.image and not await asyncio.to_thread(containers.has_image, program):
            self._tell(f"fetches the image `{program.image}`", "info")

    def _start(self, place: Place) -> None:
        launch = sources.launch(self.engine, place)
        if launch is None:
            return
        output = self.output(self.plan.key)
        try:
            self.child = self.nursery.spawn(
                launch.argv,
                environment={**os.environ, **launch.environment},
                output=output,
                cwd=Path("/"),
            )
        except OSError as error:
            raise EngineError(
                f"`{self.plan.key}` does not start: {error}", hint="glassware doctor"
            ) from error
        finally:
            os.close(output)

    async def _until_ready(self, admin_url: str) -> None:
        begin, told = time.monotonic(), self.home is not None
        while not await asyncio.to_thread(self.engine.ready, admin_url):
            if self.child is not None and not self.child.running:
                raise self.engine.explain(self.last_words(self.plan.key))
            waited = time.monotonic() - begin
            if waited > READY_WITHIN:
                raise self._silence()
            if waited > TOLD_AFTER and not told:
                # It may be there in a moment, or its URL is wrong.
                told = True
                self._complain(self._silence())
            await asyncio.sleep(ASK_EVERY)

    def _silence(self) -> EngineError:
        return EngineError(
            f"`{self.plan.key}` does not answer",
            hint="is the server up, and is its URL right?",
        )

    async def _provision(self, admin_url: str, database: DatabasePlan) -> None:
        grant = self._grant(database)
        if _key(database) in self.stale:
            await asyncio.to_thread(self.engine.wipe, admin_url, grant)
            self.stale.discard(_key(database))
        await asyncio.to_thread(self.engine.provision, admin_url, grant)
        promise = self._accesses[_key(database)]
        if not promise.done():
            access = await asyncio.to_thread(self.engine.access, admin_url, grant)
            promise.set_result(access)

    def _grant(self, database: DatabasePlan) -> Grant:
        return Grant(
            database=database.database,
            role=database.role,
            password=self.passwords(f"{database.engine} {database.role}"),
        )

    async def _provision_owed(self) -> None:
        while owed := self._owed():
            await self._provision(self._admin_url, owed[0])

    def _owed(self) -> list[DatabasePlan]:
        """Return the databases that were promised and are not made yet."""
        return [d for d in self.databases if not self._accesses[_key(d)].done()]

    async def _until_it_ends(self) -> None:
        if self.child is None:
            await asyncio.Event().wait()
            return
        await self.child.wait()
        self.ready = False
        if not self._stopping.is_set():
            self._tell("ended; it is started again", "error")

    def _complain(self, error: Exception) -> None:
        if isinstance(error, GlasswareError):
            message, hint = error.message, error.hint
        else:
            message, hint = f"{type(error).__name__}: {error}", None
        self._fault, self._to_fetch = message, isinstance(error, NotFetched)
        self.on_fault(message)
        # Of a failure that repeats itself, the time and the processes are new.
        known, self._told = self._told, re.sub(r"\d+", "", message)
        if self._told != known:
            self._tell(f"{message}\nhint: {hint}" if hint else message, "error")

    def _tell(self, text: str, importance: Importance) -> None:
        self.bulletin.say(self.plan.key, text, importance)


def _key(database: DatabasePlan) -> tuple[str, str]:
    return database.service, database.name
