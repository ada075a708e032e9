"""Keeps the folders of the running site: someone may clear them up meanwhile."""

import asyncio
from typing import Protocol

from .events import Bulletin, Complaints, Importance
from .logs import LogStore
from .state import State
from .visitors import Visitors


LOOKS_EVERY = 1.0


class Surroundings(Protocol):
    """What the keeper needs of the supervisor."""

    state: State
    bulletin: Bulletin
    logs: LogStore
    visitors: Visitors

    async def move_in(self) -> None:
        """Run everything in a runtime folder that was made anew."""


class Keeper:
    """Looks after the folders of one running site."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._complaints = Complaints(around.bulletin)
        self._lost = 0

    async def run(self) -> None:
        """Mend what is removed or damaged, and say so."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            try:
                self._look_at_state()
                await self._look_at_runtime()
            except OSError as error:
                self._complaints.add(f"the site's folders cannot be mended: {error}")
            self._look_at_logs()

    def _look_at_state(self) -> None:
        state = self._around.state
        if not state.is_whole():
            state.mend()
            self._around.visitors.write()
            self._tell(f"`{state.folder}` was changed by somebody else, and is mended")

    async def _look_at_runtime(self) -> None:
        state = self._around.state
        if not state.has_runtime():
            self._tell(
                f"`{state.runtime}` was removed; everything starts anew", "error"
            )
            state.make_runtime()
            await self._around.move_in()

    def _look_at_logs(self) -> None:
        logs = self._around.logs
        if logs.trouble and not self._lost:
            self._complaints.add(f"log entries cannot be kept: {logs.trouble}")
        if not logs.trouble and self._lost:
            self._tell(f"{logs.lost} log entries were lost")
        self._lost = logs.lost if logs.trouble else 0

    def _tell(self, text: str, importance: Importance = "warning") -> None:
        self._around.bulletin.say("", text, importance)
