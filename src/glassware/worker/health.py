"""`GET /healthz` of a service tells each of its databases.

The worker answers it for applications that have no such page themselves, and only to
the site: neighbours, and whoever runs it. A visitor's request comes through the public
gateway, and finds the application alone.
"""

import asyncio
import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from .asgi_answers import Message, Receive, Scope, Send
from .find import Application
from .job import Job
from .load import Loaded
from .lost import health_of
from .refusals import Header


HEALTH = "/healthz"

_ASKING = {"GET", "HEAD"}
# The public gateway alone says by which name a visitor came.
_VISITED = "HTTP_X_FORWARDED_HOST"
_VISITED_HEADER = b"x-forwarded-host"


def with_health(application: Application, job: Job, loaded: Loaded) -> Application:
    """Return `application` with a page that tells of its databases.

    Args:
        application: What answers all else, and this if it has such a page.
        job: Whose databases are meant.
        loaded: The application as it was loaded.
    """
    kind = WsgiHealth if loaded.interface == "wsgi" else AsgiHealth
    return kind(application, job, owns=_owns(loaded.application))


def _owns(application: Application) -> bool | None:
    """Return whether the application has such a page; `None`: that is to be seen."""
    rules: Any = getattr(application, "url_map", None)
    if not hasattr(application, "error_handler_spec") or rules is None:
        return None
    exceptions: Any = importlib.import_module("werkzeug.exceptions")
    try:
        rules.bind("localhost").match(HEALTH, "GET")
    except exceptions.NotFound:
        return None if rules.host_matching else False
    except exceptions.HTTPException:
        pass
    return None


class _Health:
    def __init__(self, application: Application, job: Job, owns: bool | None) -> None:
        self._application = application
        self._job = job
        # Once it has said that there is none, it is not asked any more.
        self._owns = owns

    def _answer(self) -> tuple[HTTPStatus, list[Header], bytes]:
        signs = health_of(self._job.environment).signs()
        lost = any(sign.status == "lost" for sign in signs.values())
        said = {
            "service": self._job.service,
            "status": "lost" if lost else "ok",
            "databases": {name: sign.told() for name, sign in signs.items()},
        }
        body = json.dumps(said, indent=2).encode() + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        found = HTTPStatus.SERVICE_UNAVAILABLE if lost else HTTPStatus.OK
        return found, headers, body


class WsgiHealth(_Health):
    """A WSGI application with that page."""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Call the application, or answer for it."""
        if environ["PATH_INFO"] != HEALTH or not _is_asked(environ):
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        if self._owns is not False:
            own = self._own(environ, start_response)
            if own is not None:
                return own
        status, headers, body = self._answer()
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _own(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes] | None:
        """Return the application's answer; `None`: it has no such page."""
        held: list[tuple[Any, ...]] = []
        written: list[bytes] = []

        def start(*head: Any) -> Callable[[bytes], None]:
            held.append(head)
            return written.append

        answer = self._application(environ, start)
        # Some do not say how they answer before their body is asked for.
        chunks = iter(answer)
        first = next(chunks, b"")
        if held and held[-1][0].startswith("404"):
            self._owns = False
            getattr(answer, "close", bool)()
            return None
        self._owns = True
        for head in held[-1:]:
            start_response(*head)
        return _Rest([*written, first], chunks, getattr(answer, "close", bool))


class _Rest:
    def __init__(
        self, begun: list[bytes], chunks: Iterable[bytes], close: Callable[[], object]
    ) -> None:
        self._begun = begun
        self._chunks = chunks
        self.close = close

    def __iter__(self) -> Any:
        yield from filter(None, self._begun)
        yield from self._chunks


class AsgiHealth(_Health):
    """An ASGI application with that page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, or answer for it."""
        if scope["type"] != "http" or not self._is_asked(scope):
            await self._application(scope, receive, send)
            return
        if self._owns is not False:
            held = _Held(send)
            await self._application(scope, receive, held)
            self._owns = not held.missing
            if self._owns:
                return
        # Whoever is waited for here keeps the loop from nothing.
        status, headers, body = await asyncio.to_thread(self._answer)
        lines = [(name.lower().encode(), value.encode()) for name, value in headers]
        start = {"type": "http.response.start", "status": int(status), "headers": lines}
        await send(start)
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body})

    def _is_asked(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return (
            path == HEALTH
            and scope["method"] in _ASKING
            and all(name != _VISITED_HEADER for name, _ in scope["headers"])
        )


class _Held:
    """Holds an answer back that says that there is no such page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.missing = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.missing = message["status"] == HTTPStatus.NOT_FOUND
        if not self.missing:
            await self._send(message)


def _is_asked(environ: Mapping[str, Any]) -> bool:
    return environ["REQUEST_METHOD"] in _ASKING and _VISITED not in environ
