"""Work that goes on beside other work, and that fails in silence nowhere."""

import asyncio
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any


class Background:
    """Coroutines that nobody waits for.

    Args:
        report: Told what nobody foresaw.
    """

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        self._report = report
        self._tasks: set[asyncio.Future[Any]] = set()

    def begin(self, work: Awaitable[Any]) -> None:
        """Run it beside the rest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def cancel(self) -> None:
        """End all of it soon."""
        for task in tuple(self._tasks):
            task.cancel()

    async def end(self) -> None:
        """End all of it; return when it has."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(error)


def told(error: BaseException) -> tuple[str, str]:
    """Return one line and the traceback of what nobody foresaw."""
    detail = "".join(traceback.format_exception(error))
    return f"{type(error).__name__}: {error}", detail


async def in_own_thread(work: Callable[[], None]) -> None:
    """Do what may take for ever in a thread that holds up nobody, nor the end."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(None) if error is None else ended.set_exception(error)

    def run() -> None:
        error = None
        try:
            work()
        except BaseException as raised:  # noqa: BLE001 - it is whoever waits's
            error = raised
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True).start()
    await ended


async def all_of(work: Iterable[Awaitable[None]]) -> None:
    """Wait for the end of all of it, then raise what one of it raised."""
    for error in await asyncio.gather(*work, return_exceptions=True):
        if error is not None:
            raise error
