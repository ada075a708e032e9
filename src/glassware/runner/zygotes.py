"""The zygotes: one for each interpreter, each forking workers on request.

A zygote imports what the services of its interpreter share, once. Workers that
it forks belong to the supervisor, so a zygote that dies costs no request: the
next worker gets a new one.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import glassware
from glassware.errors import GlasswareError

from .processes import Child, Nursery


LARGEST_JOB = 200_000
READY_WITHIN = 30.0


@dataclass(slots=True)
class Zygote:
    """One zygote process and the socket to it."""

    child: Child
    control: socket.socket
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fork(self, job: bytes, descriptors: Sequence[int]) -> None:
        """Ask for a worker; waits while many are being asked for.

        Args:
            job: What it is to serve, as JSON; see `glassware.worker.job`.
            descriptors: Its status pipe and its output, in this order.

        Raises:
            OSError: The zygote is gone.
        """
        async with self.turn:
            await self._send(job, descriptors)

    async def _send(self, message: bytes, descriptors: Sequence[int]) -> None:
        while True:
            try:
                socket.send_fds(self.control, [message], list(descriptors))
            except BlockingIOError:
                await _writable(self.control)
            else:
                return

    def end(self) -> None:
        """Close the socket, which ends the process."""
        self.control.close()


@dataclass(slots=True)
class Zygotes:
    """The zygotes of a site, started when the first worker needs one.

    Attributes:
        nursery: Where their processes live.
        output: Opens an output pipe for a source and returns its writing end.
        preload: Modules to import before the first fork.
    """

    nursery: Nursery
    output: Any
    environment: Mapping[str, str]
    preload: tuple[str, ...] = ()
    _zygotes: dict[Path | None, Zygote] = field(default_factory=dict)
    _starting: dict[Path | None, asyncio.Lock] = field(default_factory=dict)

    async def of(self, interpreter: Path | None) -> Zygote:
        """Return the zygote of an interpreter, started if it does not run.

        Raises:
            GlasswareError: It does not start.
        """
        _must_exist(interpreter)
        async with self._starting.setdefault(interpreter, asyncio.Lock()):
            zygote = self._zygotes.get(interpreter)
            if zygote is None or not zygote.child.running:
                zygote = await self._start(interpreter)
                self._zygotes[interpreter] = zygote
        return zygote

    def forget(self, interpreters: Collection[Path | None] | None = None) -> None:
        """End zygotes, all unless told: the next worker gets fresh imports."""
        for interpreter in tuple(self._zygotes):
            if interpreters is None or interpreter in interpreters:
                self._zygotes.pop(interpreter).end()

    async def _start(self, interpreter: Path | None) -> Zygote:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LARGEST_JOB)
        output = self.output("zygote")
        descriptor = str(theirs.fileno())
        argv = [
            str(interpreter or sys.executable),
            *("-m", "glassware.worker.zygote", "--control", descriptor),
        ]
        for module in self.preload:
            argv += ["--preload", module]
        try:
            child = self.nursery.spawn(
                argv,
                environment=reachable(self.environment, interpreter),
                output=output,
                keep=[theirs.fileno()],
            )
        finally:
            theirs.close()
            os.close(output)
        zygote = Zygote(child, ours)
        await self._greeting(zygote)
        return zygote

    async def _greeting(self, zygote: Zygote) -> None:
        loop = asyncio.get_running_loop()
        answer = b""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(READY_WITHIN):
                answer = await loop.sock_recv(zygote.control, LARGEST_JOB)
        if not answer or json.loads(answer).get("event") != "ready":
            zygote.child.kill()
            raise GlasswareError(
                "the process that forks workers does not start",
                hint="its output is shown by `glassware logs zygote`; "
                "`isolated = true` in `service.toml` does without it",
            )


async def _writable(control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    free = asyncio.Event()
    loop.add_writer(control, free.set)
    try:
        await free.wait()
    finally:
        loop.remove_writer(control)


def reachable(
    environment: Mapping[str, str], interpreter: Path | None
) -> dict[str, str]:
    """Return `environment` in which another interpreter finds this glassware.

    Raises:
        GlasswareError: The interpreter is not there.
    """
    if interpreter is None:
        return dict(environment)
    _must_exist(interpreter)
    link = interpreter.parent.parent / "glassware-worker" / "glassware"
    link.parent.mkdir(exist_ok=True)
    ours = Path(glassware.__file__).parent
    if not link.is_symlink() or link.readlink() != ours:
        link.unlink(missing_ok=True)
        link.symlink_to(ours)
    return {**environment, "PYTHONPATH": str(link.parent)}


def findable(
    environment: Mapping[str, str], interpreter: Path | None
) -> dict[str, str]:
    """Return `environment` in which a service's commands find this glassware.

    Its tasks and its shell import the same application as its workers. An interpreter
    that is not there yet changes nothing.
    """
    if interpreter is None or not interpreter.exists():
        return dict(environment)
    found = reachable(environment, interpreter)
    both = (found["PYTHONPATH"], environment.get("PYTHONPATH"))
    return found | {"PYTHONPATH": os.pathsep.join(filter(None, both))}


def _must_exist(interpreter: Path | None) -> None:
    if interpreter is not None and not interpreter.exists():
        folder = interpreter.parent.parent
        raise GlasswareError(
            f"its environment `{folder}` is not there",
            hint=f"glassware install {folder.name}",
        )
