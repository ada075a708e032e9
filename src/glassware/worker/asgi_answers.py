"""The answers of an ASGI application as they leave the service."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .admission import Admitted
from .drain import Traffic
from .refusals import AnsweredHere, Header
from .uncaught import answer_to, at_the_edge


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Sending:
    """Sends an answer, with the head that it is to have when it leaves.

    Args:
        send: Of the server.
        traffic: Says whether connections are to be closed.

    Attributes:
        admitted: The request; `None`: it is not.
    """

    def __init__(self, send: Send, traffic: Traffic) -> None:
        self._send = send
        self._traffic = traffic
        self._begun = False
        self.admitted: Admitted | None = None

    async def __call__(self, message: Message) -> None:
        """Send a message of the application."""
        if message["type"] == "http.response.start":
            self._begun = True
            message = self._at_the_edge(message)
        await self._send(message)

    async def refuse(self, scope: Scope, answer: AnsweredHere) -> None:
        """Answer without the application."""
        if scope["type"] == "websocket":
            # The server makes a 403 of it: there is no other way to refuse one.
            await self._send({"type": "websocket.close"})
            return
        body = b"" if scope["method"] == "HEAD" else answer.body
        await self._answer(answer.status, answer.headers, body)

    async def fail(self, scope: Scope, error: Exception) -> None:
        """Answer that the application has failed, if it has not begun to answer."""
        if scope["type"] == "http" and not self._begun:
            await self._answer(*answer_to(error))

    async def _answer(self, status: int, headers: list[Header], body: bytes) -> None:
        lines = [(name.lower().encode(), value.encode()) for name, value in headers]
        if self._traffic.closing:
            lines.append((b"connection", b"close"))
        start = {"type": "http.response.start", "status": int(status), "headers": lines}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _at_the_edge(self, message: Message) -> Message:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in message.get("headers", ())
        ]
        settled, kept = at_the_edge(message["status"], headers)
        if self.admitted is not None:
            self.admitted.begins(kept)
        if self._traffic.closing:
            kept.append(("connection", "close"))
        return {
            **message,
            "status": int(settled or message["status"]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in kept
            ],
        }
