"""Starting workers: forked, as a plain process, or as any program."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.plan import Unit

from .jobs import job_of, job_of_group, shared_by, without_secrets
from .network import enclosed
from .pipes import open_pipe
from .processes import Child, Nursery, tied
from .words import words
from .workers import Holder, Order, Worker, how_it_ended
from .zygotes import LARGEST_JOB, Zygotes, reachable


START_WITHIN = 60.0
ASK_EVERY = 0.02
CODE_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class _Pipes:
    """The writing ends that a worker gets.

    Attributes:
        status: Tells the supervisor how it is.
        output: Takes what it writes, and in a group what no member wrote.
        members: Take what each member of a group writes.
    """

    status: int
    output: int
    members: tuple[int, ...] = ()

    def every(self) -> list[int]:
        """Return them in the order in which a zygote hands them on."""
        return [self.status, self.output, *self.members]


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

    async def start(
        self, unit: Unit, orders: Sequence[Order], holder: Holder
    ) -> Worker:
        """Start a worker and return at once; `ready` tells the rest.

        Args:
            unit: What it is to serve.
            orders: What it is told about each member.
            holder: Told when its process has ended.
        """
        loop = asyncio.get_running_loop()
        worker = Worker(
            unit=unit,
            orders=tuple(orders),
            ready=loop.create_future(),
            ended=asyncio.Event(),
            holders=[holder],
            addresses={o.plan.name: o.socket or (o.host, o.port) for o in orders},
        )
        too_late = loop.call_later(START_WITHIN, self._too_late, worker)
        worker.ready.add_done_callback(lambda _: too_late.cancel())
        try:
            if unit.launch in {"command", "companion"}:
                await self._start_command(worker)
            else:
                await self._start_python(worker)
        except OSError as error:
            worker.fail(str(error))
            worker.has_ended()
        return worker

    async def _start_command(self, worker: Worker) -> None:
        (order,) = worker.orders
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
            _is_ready(worker, {"interface": "none"})
        else:
            self._watch(worker, self._ask(worker))

    async def _start_python(self, worker: Worker) -> None:
        pipe, status = open_pipe(
            lambda data: self._heard(worker, data), lambda: self._silent(worker)
        )
        opened = [status]
        try:
            pipes = self._pipes(worker, opened)
            job = json.dumps(_job(worker)).encode()
            # A job that is too large for the zygote's socket goes by a file.
            if worker.orders[0].forks and len(job) <= LARGEST_JOB:
                zygote = await self._zygotes.of(worker.unit.interpreter)
                await zygote.fork(job, pipes.every())
            else:
                self._has_process(worker, self._plain(worker, job, pipes))
        except BaseException:
            pipe.close()
            raise
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _pipes(self, worker: Worker, opened: list[int]) -> _Pipes:
        """Open what a worker writes to; `opened` is what there is to close."""
        if not worker.unit.group:
            opened.append(self._output_of(worker.orders[0]))
            return _Pipes(opened[0], opened[1])
        opened.append(self._output(worker.unit.name))
        opened.extend(self._output(order.plan.name) for order in worker.orders)
        status, output, *members = opened
        return _Pipes(status, output, tuple(members))

    def _plain(self, worker: Worker, job: bytes, pipes: _Pipes) -> Child:
        order = worker.orders[0]
        with tempfile.TemporaryFile() as file:
            file.write(job)
            file.seek(0)
            interpreter = worker.unit.interpreter
            argv = [
                str(interpreter or sys.executable),
                *("-P", "-m", "glassware.worker", "--status", str(pipes.status)),
                *("--job", str(file.fileno())),
            ]
            if pipes.members:
                argv += ["--outputs", ",".join(map(str, pipes.members))]
            own = without_secrets(shared_by(worker.orders))
            return self._nursery.spawn(
                argv,
                environment=reachable(own, interpreter),
                output=pipes.output,
                cwd=order.plan.service.folder,
                keep=[pipes.status, file.fileno(), *pipes.members],
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
            case "ready":
                _is_ready(worker, said)
            case "failed":
                service, reason = said.get("service", ""), said.get("reason", "")
                worker.fail(
                    reason.removeprefix(f"`{service}`: ") or "it failed",
                    said.get("traceback", ""),
                    service,
                )
            case _:
                pass

    def _silent(self, worker: Worker) -> None:
        if worker.child is None:
            worker.fail("it ended before it was ready")
            worker.has_ended()
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
        worker.has_ended()

    def _too_late(self, worker: Worker) -> None:
        if not worker.ready.done():
            worker.fail(f"it was not ready within {START_WITHIN:.0f} s")

    def _watch(self, worker: Worker, asking: Any) -> None:
        task = asyncio.ensure_future(asking)
        worker.ready.add_done_callback(lambda _: task.cancel())

    async def _ask(self, worker: Worker) -> None:
        """Wait until a program takes connections at its address."""
        (address,) = worker.addresses.values()
        while not worker.ready.done():
            try:
                if isinstance(address, Path):
                    _, writer = await asyncio.open_unix_connection(address)
                else:
                    _, writer = await asyncio.open_connection(*address)
            except OSError:
                await asyncio.sleep(ASK_EVERY)
            else:
                writer.close()
                _is_ready(worker, {"interface": "command"})


def _job(worker: Worker) -> dict[str, Any]:
    if worker.unit.group:
        return job_of_group(worker.unit.name, worker.orders)
    return job_of(worker.orders[0])


def _is_ready(worker: Worker, said: Mapping[str, Any]) -> None:
    """Take note of what a worker reports of each service that it serves."""
    if worker.ready.done():
        return
    if worker.unit.group:
        worker.ready.set_result({m["service"]: m for m in said["members"]})
    else:
        worker.ready.set_result({worker.unit.name: said})
