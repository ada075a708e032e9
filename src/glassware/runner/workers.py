"""Workers: the processes that answer for a service, in each way of starting one."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassware.plan import ServicePlan
from glassware.status import Endpoint

from .network import enclosed
from .pipes import open_pipe
from .processes import Child, Nursery, tied
from .words import words
from .zygotes import LARGEST_JOB, Zygotes, reachable


START_WITHIN = 60.0
ASK_EVERY = 0.02
CODE_WITHIN = 1.0


class WorkerFailed(Exception):
    """A worker ended before it was ready.

    Attributes:
        reason: One line.
        detail: A traceback; may be empty.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One worker to be started.

    Attributes:
        plan: Of its service.
        generation: Rises with every start of the service.
        number: From 1 up, where the service has several workers.
        socket: The path it is to bind; `None` for a program on TCP.
        port: The port that a program is to listen on; 0 for others.
        host: The address that a program is to listen on.
        outlets: What a program with a network of its own may reach outside it.
        environment: All of its variables, filled.
        development: Templates reload, errors are shown.
        terminal: It gets the terminal, for `breakpoint()`.
    """

    plan: ServicePlan
    generation: int
    number: int
    socket: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    outlets: frozenset[tuple[str, int]] = frozenset()
    environment: Mapping[str, str] = field(repr=False)
    development: bool = True
    terminal: bool = False

    @property
    def forks(self) -> bool:
        """Whether a zygote starts it."""
        return self.plan.launch == "fork" and not self.terminal

    @property
    def debugs(self) -> bool:
        """Whether errors show Werkzeug's debugger in the page."""
        said = self.environment.get("FLASK_DEBUG", "").lower()
        return said not in {"", "0", "false", "no"}


@dataclass(slots=True)
class Worker:
    """One process of a service.

    Attributes:
        order: What it was started for.
        ready: What it reported when it was ready; fails with `WorkerFailed`.
        ended: Done when its process has ended.
        on_exit: Told the same.
        address: Where it listens: a socket's path, or a host and a port.
    """

    order: Order
    ready: asyncio.Future[dict[str, Any]]
    ended: asyncio.Event
    on_exit: Callable[["Worker"], None]
    address: Path | tuple[str, int]
    child: Child | None = None
    said: bytes = b""
    dropped: bool = False

    @property
    def pid(self) -> int | None:
        """Its process, once it is known."""
        return self.child.pid if self.child else None

    @property
    def is_ready(self) -> bool:
        """Whether it has reported that it is ready."""
        return self.ready.done() and self.ready.exception() is None

    def drop(self) -> None:
        """End it at once, or as soon as its process is known."""
        self.dropped = True
        if self.child is not None:
            self.child.kill()

    def fail(self, reason: str, detail: str = "") -> None:
        """Say that it will never be ready."""
        if not self.ready.done():
            self.ready.set_exception(WorkerFailed(reason, detail))
            # Nobody may be waiting: the failure is reported either way.
            self.ready.exception()


class Starter:
    """Starts workers.

    Args:
        nursery: Where their processes live.
        zygotes: What forks them.
        output: Opens an output pipe for a source and returns its writing end.
    """

    def __init__(
        self,
        nursery: Nursery,
        zygotes: Zygotes,
        output: Callable[[str], int],
    ) -> None:
        self._nursery = nursery
        self._zygotes = zygotes
        self._output = output

    async def start(self, order: Order, on_exit: Callable[[Worker], None]) -> Worker:
        """Start a worker and return at once; `ready` tells the rest.

        Args:
            order: What it is to be started with.
            on_exit: Told when its process has ended.
        """
        loop = asyncio.get_running_loop()
        worker = Worker(
            order=order,
            ready=loop.create_future(),
            ended=asyncio.Event(),
            on_exit=on_exit,
            address=order.socket or (order.host, order.port),
        )
        too_late = loop.call_later(START_WITHIN, self._too_late, worker)
        worker.ready.add_done_callback(lambda _: too_late.cancel())
        try:
            if order.plan.launch in {"command", "companion"}:
                await self._start_command(worker)
            else:
                await self._start_python(worker)
        except OSError as error:
            self._never_started(worker, str(error))
        return worker

    async def _start_command(self, worker: Worker) -> None:
        order = worker.order
        argv = words(order.plan.command, order.environment)
        if order.socket is not None:
            argv = enclosed(tied(argv), order.socket, order.port, order.outlets)
        output = self._output_of(order)
        try:
            child = self._nursery.spawn(
                argv,
                environment=order.environment,
                output=output,
                cwd=order.plan.service.folder,
                stdin=0 if order.terminal else subprocess.DEVNULL,
            )
        finally:
            os.close(output)
        self._has_process(worker, child)
        if order.plan.launch == "companion":
            worker.ready.set_result({"event": "ready", "interface": "none"})
        else:
            self._watch(worker, self._ask(worker))

    async def _start_python(self, worker: Worker) -> None:
        order = worker.order
        pipe, status = open_pipe(
            lambda data: self._heard(worker, data), lambda: self._silent(worker)
        )
        output = -1
        try:
            output = self._output_of(order)
            job = json.dumps(job_of(order)).encode()
            # A job that is too large for the zygote's socket goes by a file.
            if order.forks and len(job) <= LARGEST_JOB:
                zygote = await self._zygotes.of(order.plan.interpreter)
                await zygote.fork(job, [status, output])
            else:
                self._has_process(worker, self._plain(order, job, status, output))
        except BaseException:
            pipe.close()
            raise
        finally:
            for descriptor in {status, output} - {-1}:
                os.close(descriptor)

    def _plain(self, order: Order, job: bytes, status: int, output: int) -> Child:
        with tempfile.TemporaryFile() as file:
            file.write(job)
            file.seek(0)
            interpreter = order.plan.interpreter
            return self._nursery.spawn(
                [
                    str(interpreter or sys.executable),
                    *("-m", "glassware.worker", "--status", str(status)),
                    *("--job", str(file.fileno())),
                ],
                environment=reachable(_without_secrets(order.environment), interpreter),
                output=output,
                cwd=order.plan.service.folder,
                keep=[status, file.fileno()],
                stdin=0 if order.terminal else subprocess.DEVNULL,
            )

    def _output_of(self, order: Order) -> int:
        return os.dup(1) if order.terminal else self._output(order.plan.name)

    def _heard(self, worker: Worker, data: bytes) -> None:
        *lines, worker.said = (worker.said + data).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                self._status(worker, json.loads(line))

    def _status(self, worker: Worker, said: dict[str, Any]) -> None:
        match said.get("event"):
            case "started" if worker.child is None:
                self._has_process(worker, self._nursery.adopt(int(said["pid"])))
            case "ready" if not worker.ready.done():
                worker.ready.set_result(said)
            case "failed":
                worker.fail(said.get("reason", "it failed"), said.get("traceback", ""))
            case _:
                pass

    def _silent(self, worker: Worker) -> None:
        if worker.child is None:
            worker.fail("it ended before it was ready")
            worker.ended.set()
            worker.on_exit(worker)
        elif not worker.ready.done():
            # Its exit code is known in a moment, and says more.
            reason = "it closed its status pipe, which was not its own"
            asyncio.get_running_loop().call_later(CODE_WITHIN, worker.fail, reason)

    def _has_process(self, worker: Worker, child: Child) -> None:
        worker.child = child
        if worker.dropped:
            child.kill()
        child.exited.add_done_callback(lambda _: self._has_ended(worker))

    def _has_ended(self, worker: Worker) -> None:
        worker.fail(f"it ended before it was ready{how_it_ended(worker)}")
        worker.ended.set()
        worker.on_exit(worker)

    def _never_started(self, worker: Worker, reason: str) -> None:
        worker.fail(reason)
        worker.ended.set()
        worker.on_exit(worker)

    def _too_late(self, worker: Worker) -> None:
        if not worker.ready.done():
            worker.fail(f"it was not ready within {START_WITHIN:.0f} s")

    def _watch(self, worker: Worker, asking: Any) -> None:
        task = asyncio.ensure_future(asking)
        worker.ready.add_done_callback(lambda _: task.cancel())

    async def _ask(self, worker: Worker) -> None:
        """Wait until a program takes connections at its address."""
        while not worker.ready.done():
            try:
                if isinstance(worker.address, Path):
                    _, writer = await asyncio.open_unix_connection(worker.address)
                else:
                    _, writer = await asyncio.open_connection(*worker.address)
            except OSError:
                await asyncio.sleep(ASK_EVERY)
            else:
                writer.close()
                worker.ready.set_result({"event": "ready", "interface": "command"})


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of the loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def job_of(order: Order) -> dict[str, Any]:
    """Return what a worker is told; see `glassware.worker.job`."""
    service = order.plan.service
    return {
        "service": service.name,
        "folder": str(service.folder),
        "app": service.app,
        "socket": str(order.socket),
        "address": None,
        "server": service.server,
        "threads": service.threads,
        "drain": service.drain,
        "mounts": list(order.plan.mounts),
        "environment": dict(order.environment),
        "debug": order.debugs,
        "development": order.development,
        "terminal": order.terminal,
    }


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter needs to start; the job carries the rest."""
    needed = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "USER"}
    return {key: value for key, value in environment.items() if key in needed}


def how_it_ended(worker: Worker) -> str:
    """Return how a worker's process ended, to be put behind a sentence."""
    if worker.child is None or not worker.child.exited.done():
        return ""
    code = worker.child.exited.result()
    if code < 0:
        return f" (killed by {signal.Signals(-code).name})"
    return f" (exit code {code})"


def endpoints_of(said: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return the URL rules that a worker reported when it was ready."""
    return tuple(
        Endpoint(
            name=e["name"],
            rule=e["rule"],
            methods=tuple(e["methods"]),
            file=e.get("file"),
            line=e.get("line"),
        )
        for e in said.get("endpoints", ())
    )
