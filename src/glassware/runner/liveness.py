"""Asks each worker whether it lives, and sees that one which hangs harms nobody.

A worker that has ended is noticed at once; one that hangs is noticed because
it does not answer. Neighbours then find it no longer, as long as there are
others, and where visitors are, another takes its place. Where the authors
are, a debugger may hold it: there it is only named.
"""

import asyncio
import select
import socket
from collections.abc import Collection, Coroutine, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

from glassware.plan import Plan
from glassware.protocol import ALIVE

from .events import Bulletin
from .roster import Roster
from .units import RunningUnit
from .workers import Worker


EVERY = 2.0
"""Seconds between two questions to a worker, as long as there are few."""

RARELY = 0.03
"""Seconds between two questions to any, so that a hundred workers cost no more."""

BATCHES = 8
"""So many times in a round some are asked together, which is cheaper."""

WITHIN = 1.0
AGAIN = 0.25
"""Seconds that an answer may take, and to the next question where none came."""

SET_ASIDE = 2
"""Questions without an answer after which neighbours are to find others."""

HANGS = 4
"""Questions without an answer after which something is said or done about it."""

IF_MOST_ARE_SILENT = 12
"""The same where most workers are silent.

Then it is the machine that hangs, and to start all of them anew would be a storm.
"""

_QUESTION = f"GET {ALIVE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANSWER = b"HTTP/1.1 2"
_FIRST_LOOK = 0.02


class Surroundings(Protocol):
    """What it needs of the supervisor."""

    plan: Plan
    roster: Roster
    bulletin: Bulletin

    async def publish(self) -> bool:
        """Tell the gateway who serves; return whether it knows."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the others until the site stops."""


class Liveness:
    """Watches over the workers of one site.

    Args:
        around: The supervisor.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def run(self) -> None:
        """Ask each of them in its turn, until cancelled."""
        while True:
            workers = list(self._workers())
            size = -(-len(workers) // BATCHES) or 1
            starts = range(0, len(workers), size) or range(1)
            for start in starts:
                self._around.begin(self._ask(workers[start : start + size]))
                whole = max(EVERY, RARELY * len(workers))
                await asyncio.sleep(whole / len(starts))

    def _workers(self) -> Iterator[tuple[RunningUnit, Worker]]:
        """Go through the workers that serve and can be asked."""
        for unit in self._around.roster.units:
            if unit.plan.launch in {"fork", "isolated"}:
                for worker in unit.crew.serving:
                    yield unit, worker

    async def _ask(self, workers: Collection[tuple[RunningUnit, Worker]]) -> None:
        """Ask some of them, and look after those that do not answer."""
        asked = [(unit, worker) for unit, worker in workers if not worker.silent]
        alive = await answering({_socket(worker) for _, worker in asked})
        for unit, worker in asked:
            if _socket(worker) not in alive and worker in unit.crew.serving:
                self._around.begin(self._look_after(unit, worker))

    async def _look_after(self, unit: RunningUnit, worker: Worker) -> None:
        """Ask a worker that has not answered until it does, or is no more."""
        worker.silent = 1
        try:
            named = await self._until_it_answers(unit, worker)
        finally:
            worker.silent = 0
        if worker not in unit.crew.serving:
            return
        if unit.crew.call_back(worker):
            await self._around.publish()
        if named:
            self._tell(unit, worker, "answers again")

    async def _until_it_answers(self, unit: RunningUnit, worker: Worker) -> bool:
        """Ask a worker again and again; return whether it was named meanwhile."""
        named = False
        while not await answering({_socket(worker)}):
            if worker not in unit.crew.serving:
                break
            worker.silent += 1
            if worker.silent == SET_ASIDE and unit.crew.set_aside(worker):
                await self._around.publish()
            if not named and worker.silent >= self._patience():
                named = True
                self._give_up(unit, worker)
            await asyncio.sleep(AGAIN)
        return named

    def _give_up(self, unit: RunningUnit, worker: Worker) -> None:
        if self._around.plan.production:
            self._tell(unit, worker, "does not answer, and is replaced")
            worker.drop()
        else:
            self._tell(unit, worker, "does not answer; a debugger may hold it")

    def _patience(self) -> int:
        silent = [bool(worker.silent) for _, worker in self._workers()]
        most = sum(silent) > max(1, len(silent) / 2)
        return IF_MOST_ARE_SILENT if most else HANGS

    def _tell(self, unit: RunningUnit, worker: Worker, what: str) -> None:
        text = f"its worker (process {worker.pid}) {what}"
        self._around.bulletin.say(unit.name, text, "warning")


async def answering(sockets: Collection[Path]) -> set[Path]:
    """Ask workers whether they live, and return those that say so in time.

    All is read before anybody is given up, so a delay here blames nobody.
    """
    loop = asyncio.get_running_loop()
    with ExitStack() as ends:
        poll, asked = select.poll(), dict[int, tuple[Path, socket.socket]]()
        for path in sockets:
            with suppress(OSError):
                connection = ends.enter_context(socket.socket(socket.AF_UNIX))
                connection.setblocking(False)
                connection.connect(str(path))
                connection.send(_QUESTION.encode())
                poll.register(connection, select.POLLIN)
                asked[connection.fileno()] = path, connection
        alive, end, pause = set[Path](), loop.time() + WITHIN, _FIRST_LOOK
        while asked and loop.time() < end:
            await asyncio.sleep(pause)
            pause = min(2 * pause, max(end - loop.time(), 0))
            for descriptor, _ in poll.poll(0):
                path, connection = asked.pop(descriptor)
                poll.unregister(descriptor)
                with suppress(OSError):
                    if connection.recv(len(_ANSWER)) == _ANSWER:
                        alive.add(path)
        return alive


def _socket(worker: Worker) -> Path:
    """Return one of a worker's sockets; they are all of one process."""
    address = next(iter(worker.addresses.values()))
    return address if isinstance(address, Path) else Path()
