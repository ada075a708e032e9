"""The start and the end of an ASGI application."""

import asyncio
from typing import Any

from glassware.errors import AppNotLoaded

from .asgi_answers import Message
from .find import Application
from .uncaught import show


class Lifespan:
    """The start and the end of an application that wants to know of them.

    Args:
        application: It may refuse the lifespan scope; then nothing happens.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def start(self) -> None:
        """Run what the application does before its first request.

        Raises:
            AppNotLoaded: It says that it cannot start.
        """
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("startup")
        if answer["type"] == "lifespan.startup.failed":
            raise AppNotLoaded(
                f"the application failed to start: {answer.get('message', '')}".rstrip()
            )

    async def end(self) -> None:
        """Run what it does after its last request."""
        if self._task is not None and not self._task.done():
            await self._ask("shutdown")

    async def _ask(self, event: str) -> Message:
        await self._events.put({"type": f"lifespan.{event}"})
        return await self._answers.get()

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._application(scope, self._events.get, self._answers.put)
        except Exception as error:  # noqa: BLE001 - most that raise know no lifespan
            if self.state:
                show(error)
        finally:
            await self._answers.put({"type": "lifespan.unsupported"})
