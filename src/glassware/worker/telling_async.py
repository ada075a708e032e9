"""The same as `telling` around an ASGI application."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from glassware import current
from glassware.current import Incoming

from .calls_made import Remarks, remark_on_page, remarks_on_way
from .failure import ended_by
from .find import Application
from .telling import (
    FAILED,
    TOLD,
    UNQUOTED,
    begin,
    is_page,
    page_of,
    told_of,
)
from .uncaught import answer_to


Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MOST_HELD = 1024 * 1024


class TellingAsync:
    """An ASGI application whose answers tell of their making.

    Args:
        application: What answers.
        most: How many calls a page may make without a remark.
    """

    def __init__(self, application: Application, most: int) -> None:
        self._application = application
        self._most = most
        self._remarks = Remarks()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Call the application."""
        incoming = current.incoming.get()
        if incoming is None or scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        self._begin(incoming, scope)
        head = _Head(incoming, send)
        try:
            await self._application(scope, receive, head.send)
        except BaseException as error:
            ended_by(incoming, error)
            await head.fail(error)
            raise
        finally:
            await head.release()
            if incoming.calls and is_page(incoming):
                remark = remark_on_page(incoming, self._most)
                self._remarks.say(page_of(incoming, {}), remark)

    def _begin(self, incoming: Incoming, scope: Message) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        target = quote(path, UNQUOTED)
        if query := scope.get("query_string", b""):
            target += f"?{query.decode('latin-1')}"
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        has_body = headers.get(b"content-length", "0") != "0"
        has_body |= b"transfer-encoding" in headers
        begin(incoming, target, headers.get(b"content-type", "") if has_body else None)
        for remark in remarks_on_way(incoming):
            self._remarks.say("", remark)


class _Head:
    """Sends an answer; one that fails waits for the exception behind it.

    Frameworks send their page of an error first and raise the error then.
    """

    def __init__(self, incoming: Incoming, send: Send) -> None:
        self._incoming = incoming
        self._send = send
        self._begun = False
        self._held: list[Message] = []
        self._size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            if message["status"] < FAILED or not self._incoming.asked:
                await self._send(self._telling(message))
                return
        elif not self._held:
            await self._send(message)
            return
        self._held.append(message)
        self._size += len(message.get("body", b""))
        if self._size > _MOST_HELD:
            await self.release()

    async def fail(self, error: BaseException) -> None:
        """Answer, if the application did not, that it has failed."""
        if not self._begun and self._incoming.asked:
            status, headers, body = answer_to(error)
            plain = [(name.lower().encode(), value.encode()) for name, value in headers]
            start = {"type": "http.response.start", "status": int(status)}
            await self.send({**start, "headers": plain})
            await self.send({"type": "http.response.body", "body": body})

    async def release(self) -> None:
        """Send what has waited."""
        held, self._held = self._held, []
        for message in held:
            await self._send(self._telling(message))

    def _telling(self, message: Message) -> Message:
        if message["type"] != "http.response.start":
            return message
        headers = message.get("headers", ())
        kept = [h for h in headers if h[0].decode("latin-1").lower() not in TOLD]
        told = told_of(self._incoming, message["status"])
        ours = [(name.lower().encode(), value.encode()) for name, value in told]
        return {**message, "headers": [*kept, *ours]}
