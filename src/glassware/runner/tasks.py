"""What a service's data needs before it takes traffic: migrations, and a seed."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from glassware.engines import Script
from glassware.errors import GlasswareError, TaskFailed
from glassware.plan import DatabasePlan, Plan, ServicePlan

from .background import in_own_thread
from .databases import Databases
from .events import Bulletin
from .processes import Child, Nursery
from .seeds import Seeds
from .words import words
from .workers import WorkerFailed


PATIENCE = 10.0
"""Seconds after which it is told that a task still runs; then after twice as many."""


class Surroundings(Protocol):
    """What the tasks need of the supervisor."""

    plan: Plan
    nursery: Nursery
    bulletin: Bulletin
    databases: Databases
    seeds: Seeds

    async def variables(self, plan: ServicePlan) -> dict[str, str]:
        """Return the complete environment of a service, as it runs now."""

    def output(self, source: str) -> int:
        """Return the writing end of a pipe for a source."""


class Tasks:
    """Runs the tasks of one site's services."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def migrate(self, plan: ServicePlan) -> None:
        """Bring a service's databases up to date: by its task, or by its files.

        Raises:
            WorkerFailed: That failed.
        """
        if plan.process is not None:
            return
        if "migrate" in plan.service.tasks:
            await self._run(plan, plan.service.tasks["migrate"])
            return
        for database in self._around.plan.databases_of(plan.name):
            if database.scripts is not None:
                await self._apply(database, database.scripts)

    async def seed(self, plan: ServicePlan) -> None:
        """Put first data into what has none, by the service's task.

        Raises:
            WorkerFailed: That failed; it is tried again.
        """
        command = plan.service.tasks.get("seed")
        if plan.process is not None or command is None:
            return
        seeds, databases = self._around.seeds, self._around.databases
        if seeds.is_done(plan.name) or not databases.is_new(plan.name):
            return
        await self._run(plan, command)
        seeds.done(plan.name)

    async def _run(self, plan: ServicePlan, command: str) -> None:
        self._tell(plan.name, f"runs `{command}`")
        work = run_task(
            self._around.nursery,
            command,
            cwd=plan.service.folder,
            environment=await self._around.variables(plan),
            output=self._around.output(plan.name),
        )
        await patiently(work, partial(self._tell_how_long, plan.name, f"`{command}`"))

    async def _apply(self, database: DatabasePlan, folder: Path) -> None:
        """Apply the files of a folder that a database has not seen."""
        databases = self._around.databases
        access = await databases.access(database)
        engine = databases.engine_of(database)
        loop = asyncio.get_running_loop()

        def tell(line: str) -> None:
            loop.call_soon_threadsafe(self._tell, database.service, line)

        def apply() -> None:
            engine.apply(access, read_scripts(folder, engine.scripts), tell)

        where = f"the migration of `{database.name}`"
        try:
            await patiently(
                in_own_thread(apply),
                partial(self._tell_how_long, database.service, where),
            )
        except GlasswareError as error:
            detail = f"hint: {error.hint}" if error.hint else ""
            raise WorkerFailed(error.message, detail) from error

    def _tell_how_long(self, service: str, what: str, seconds: float) -> None:
        self._tell(service, f"{what} runs for {seconds:.0f} s now")

    def _tell(self, service: str, text: str) -> None:
        self._around.bulletin.say(service, text)


def read_scripts(folder: Path, ending: str) -> list[Script]:
    """Return the files of migrations in a folder.

    Raises:
        TaskFailed: One cannot be read.
    """
    try:
        return [
            Script(path=path, text=_read(path))
            for path in sorted(folder.iterdir())
            if path.name.endswith(ending) and not path.name.startswith(".")
        ]
    except OSError as error:
        raise TaskFailed(f"a file in `{folder}` cannot be read: {error}") from error


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskFailed(f"`{path}` is no text in UTF-8: {error}") from error
    if "\0" in text:
        # Some databases end a text there, without a word.
        raise TaskFailed(f"`{path}` is no text: it has a zero byte in it")
    return text


async def patiently(
    work: Coroutine[Any, Any, None], tell: Callable[[float], None]
) -> None:
    """Wait for `work`, however long; say from time to time that it still runs."""
    task, patience = asyncio.ensure_future(work), PATIENCE
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=began + patience - loop.time())
            if not task.done():
                tell(loop.time() - began)
                patience *= 2
    finally:
        task.cancel()
    await task


async def run_task(
    nursery: Nursery,
    command: str,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    output: int,
) -> None:
    """Run a command to its end.

    Args:
        nursery: Where its process lives.
        command: As `words` reads it.
        cwd: Its working folder.
        environment: All of its variables.
        output: Takes what it writes; closed here.

    Raises:
        WorkerFailed: It cannot be started, or its exit code is not 0.
    """
    child: Child | None = None
    try:
        child = nursery.spawn(
            words(command, environment),
            environment=environment,
            output=output,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise WorkerFailed(f"`{command}` cannot be started: {error}") from error
    finally:
        os.close(output)
    try:
        code = await child.wait()
    finally:
        child.kill()
    if code != 0:
        how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
        raise WorkerFailed(f"`{command}` failed: {how}")
