"""ASGI around an application: its lifespan, and each request's place and end."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from glassware.errors import AppNotLoaded

from .address import address_of
from .drain import Traffic
from .find import Application
from .wsgi import show


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEADERS = {
    name: "HTTP_" + name.decode().upper().replace("-", "_")
    for name in (
        b"host",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
    )
}


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


def placed(
    application: Application,
    mounts: tuple[str, ...],
    traffic: Traffic,
    state: dict[str, Any] | None = None,
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return `application` with each scope put in its place and counted."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if traffic.closing and message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"connection", b"close"),
                ]
            await send(message)

        token = traffic.enter()
        try:
            place_scope(scope, mounts)
            if state is not None:
                scope["state"] = state.copy()
            await application(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the server answers with a 500
            show(error)
        finally:
            traffic.leave(token)

    return called


def place_scope(scope: Scope, mounts: tuple[str, ...]) -> None:
    """Write a request's address into its ASGI scope."""
    headers = {
        wsgi: value.decode("latin-1")
        for name, value in scope["headers"]
        if (wsgi := HEADERS.get(name)) is not None
    }
    peer = (scope.get("client") or ("",))[0]
    address = address_of(headers, scope["path"], mounts, "" if "/" in peer else peer)
    secure = address.scheme == "https"
    socket = scope["type"] == "websocket"
    scope["scheme"] = ("wss" if secure else "ws") if socket else address.scheme
    scope["client"] = (address.client, 0)
    scope["server"] = (address.host, int(address.port))
    scope["root_path"] = address.root
    # The path of a scope has its root in front; a neighbour's call comes without.
    if scope["path"] == address.path and address.root:
        scope["path"] = address.root + address.path
        if scope.get("raw_path"):
            scope["raw_path"] = quote(address.root).encode() + scope["raw_path"]
