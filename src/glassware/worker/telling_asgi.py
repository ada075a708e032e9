"""In development, an ASGI application whose answers tell of their making."""

from glassware import current
from glassware.current import Incoming

from .asgi_answers import Message, Receive, Scope, Send
from .failure import ended_by
from .telling import FAILED, Telling, is_told, told_of
from .uncaught import answer_to


_MOST_HELD = 1024 * 1024


class TellingAsgi(Telling):
    """See `Telling`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""
        incoming = current.incoming.get()
        if incoming is None or scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        self._begin_with(incoming, scope)
        head = _Head(incoming, send)
        try:
            await self._application(scope, receive, head.send)
        except BaseException as error:
            ended_by(incoming, error)
            await head.fail(error)
            raise
        finally:
            await head.release()
            self._end(incoming, f"{incoming.method} {incoming.path}")

    def _begin_with(self, incoming: Incoming, scope: Scope) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        query = scope.get("query_string", b"").decode("latin-1")
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        has_body = headers.get(b"content-length", "0") != "0"
        has_body |= b"transfer-encoding" in headers
        kind = headers.get(b"content-type", "") if has_body else None
        self._begin(incoming, path, query, kind)


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
        own = [h for h in headers if not is_told(h[0].decode("latin-1"))]
        told = told_of(self._incoming, message["status"])
        ours = [(name.lower().encode(), value.encode()) for name, value in told]
        return {**message, "headers": [*own, *ours]}
