"""The control socket: how the other commands speak with the running site.

One JSON object a line in each direction. A request has an `op`; every answer
but the stream of `follow` is one object, `{"error": …}` where it failed.
"""

import asyncio
import json
import socket
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
)
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from glassware.errors import GlasswareError, SiteNotRunning


LARGEST = 16 * 1024 * 1024
ANSWER_WITHIN = 30.0

Answer = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
Stream = Callable[[dict[str, Any]], AsyncIterator[Mapping[str, Any]]]


class ControlServer:
    """Answers at the control socket.

    Args:
        answers: What gives the one answer to each `op`.
        streams: What gives many answers to an `op`, until the other hangs up.
    """

    def __init__(
        self, answers: Mapping[str, Answer], streams: Mapping[str, Stream]
    ) -> None:
        self._answers = answers
        self._streams = streams
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self, path: Path) -> None:
        """Listen; only this user can connect."""
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path, limit=LARGEST)
        path.chmod(0o600)

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                await self._respond(line, reader, writer)
        except (OSError, ValueError):
            # The other side is gone, or its line has no end.
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _respond(
        self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = _request(line)
        op = str(request.get("op"))
        if op in self._streams:
            await _unless_ended(reader, self._stream(op, request, writer))
            return
        try:
            answer = await self._answers[op](request)
        except GlasswareError as error:
            answer = {"error": error.message, "hint": error.hint}
        except KeyError as error:
            answer = {"error": f"`{error.args[0]}` is not known here"}
        except TimeoutError:
            answer = {
                "error": "it takes too long; `glassware ps` says what it waits for"
            }
        except (TypeError, ValueError) as error:
            answer = {"error": f"this is no request: {error}"}
        await _send(writer, answer)

    async def _stream(
        self, op: str, request: dict[str, Any], writer: asyncio.StreamWriter
    ) -> None:
        async with aclosing(self._streams[op](request)) as answers:  # type: ignore[type-var]
            async for answer in answers:
                await _send(writer, answer)


def _request(line: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        request = json.loads(line)
        if isinstance(request, dict):
            return request
    return {}


async def _unless_ended(
    reader: asyncio.StreamReader, work: Coroutine[Any, Any, None]
) -> None:
    """Do `work` until it is done or the other side hangs up, which ends it."""
    working = asyncio.create_task(work)
    listening = asyncio.create_task(reader.read(1))
    tasks = {working, listening}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(writer: asyncio.StreamWriter, answer: Mapping[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()


def ask(
    path: Path, op: str, *, within: float = ANSWER_WITHIN, **arguments: Any
) -> dict[str, Any]:
    """Ask the running site and return its answer.

    Args:
        path: The control socket.
        op: What is asked.
        within: Seconds to wait for the answer.
        **arguments: More of the request.

    Raises:
        SiteNotRunning: Nobody listens at `path`.
        GlasswareError: The site refused.
    """
    for answer in listen(path, op, timeout=within, **arguments):
        if "error" in answer:
            raise GlasswareError(str(answer["error"]), hint=answer.get("hint"))
        return answer
    raise SiteNotRunning("the site ended before it answered")


def listen(
    path: Path, op: str, *, timeout: float | None = None, **arguments: Any
) -> Iterator[dict[str, Any]]:
    """Return every answer of the running site until it hangs up.

    Args:
        path: The control socket.
        op: What is asked.
        timeout: Seconds to wait for each answer; `None`: for ever.
        **arguments: More of the request.

    Raises:
        SiteNotRunning: Nobody listens at `path`, or it does not answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"op": op, **arguments}).encode() + b"\n")
        except OSError as error:
            raise SiteNotRunning(
                f"the site does not answer: {error.strerror}", hint="glassware up"
            ) from error
        with connection.makefile("rb") as answers, suppress(ConnectionError):
            try:
                for line in answers:
                    yield json.loads(line)
            except TimeoutError as error:
                raise SiteNotRunning(
                    f"the site did not answer within {timeout:.0f} s"
                ) from error
