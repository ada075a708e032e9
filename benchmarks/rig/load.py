"""Visitors: requests at a rate, or callers who ask again and again.

A request's time counts from when it was due, not from when it was sent, so a
server that stalls cannot hide the requests that it keeps from being sent.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .figures import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request.

    Attributes:
        path: With its query.
        method: In capitals.
        headers: Besides `Host`.
        patience: Seconds until whoever asked gives up and hangs up.
        tag: Whatever the script wants to know of it later.
    """

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    patience: float = 5.0
    tag: str = ""

    def head(self, host: str) -> bytes:
        """Return its bytes; no request has a body."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.method == "POST":
            lines.append("Content-Length: 0")
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request.

    Attributes:
        asked: The request.
        due: When it was to be sent, by the monotonic clock.
        seconds: From then to its answer, or to the end of patience.
        status: 0: there was no answer.
        headers: In lower case.
        body: Of the answer.
    """

    asked: Asked
    due: float
    seconds: float
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it was answered as it was meant to be."""
        return self.status == 200

    @property
    def fate(self) -> str:
        """What came of it, in words."""
        unknown = self.headers.get("outcome") == "unknown"
        status = str(self.status) if self.status else "no answer"
        return f"{status}, outcome unknown" if unknown else status

    @property
    def ended(self) -> float:
        """When the answer was there, by the monotonic clock."""
        return self.due + self.seconds


class Visitors:
    """Whoever asks one server, on kept connections.

    Args:
        port: Of the server.

    Attributes:
        heard: Every answer, in the order in which they came.
    """

    def __init__(self, port: int) -> None:
        self.heard: list[Answer] = []
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, asked: Asked, due: float | None = None) -> Answer:
        """Send a request, once, and return what became of it."""
        due = time.monotonic() if due is None else due
        status, headers, body = 0, dict[str, str](), b""
        writer = None
        try:
            async with asyncio.timeout(asked.patience):
                reader, writer = await self._connection()
                writer.write(asked.head(f"localhost:{self._port}"))
                status, headers, body = await _answer(reader)
        except (OSError, EOFError, TimeoutError, ValueError):
            status = 0
        if writer is not None:
            if status and headers.get("connection") != "close":
                self._idle.append((reader, writer))
            else:
                writer.transport.abort()
        answer = Answer(
            asked=asked,
            due=due,
            seconds=time.monotonic() - due,
            status=status,
            headers=headers,
            body=body,
        )
        self.heard.append(answer)
        return answer

    async def at_rate(
        self, rate: float, seconds: float, make: Callable[[int], Asked]
    ) -> list[Answer]:
        """Send requests at a rate, whatever becomes of those before."""
        began = time.monotonic()
        tasks = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(due - time.monotonic())
            tasks.append(asyncio.create_task(self.ask(make(number), due)))
        return list(await asyncio.gather(*tasks))

    async def callers(
        self,
        count: int,
        seconds: float,
        make: Callable[[int], Asked],
        every: float = 0.0,
    ) -> list[Answer]:
        """Let callers ask one thing after the other, for some time.

        Args:
            count: How many there are.
            seconds: For so long they begin to ask.
            make: Makes the requests.
            every: A caller asks no more often than this, in seconds.
        """
        end = time.monotonic() + seconds
        answers: list[Answer] = []
        numbers = itertools.count()

        async def ask(offset: float) -> None:
            await asyncio.sleep(offset)
            while time.monotonic() < end:
                answers.append(await self.ask(make(next(numbers))))
                await asyncio.sleep(max(0.0, every - answers[-1].seconds))

        await asyncio.gather(*(ask(every * n / count) for n in range(count)))
        return answers

    async def share(
        self, count: int, callers: int, make: Callable[[int], Asked]
    ) -> list[Answer]:
        """Let callers share out a number of requests."""
        numbers = iter(range(count))

        async def ask() -> list[Answer]:
            return [await self.ask(make(number)) for number in numbers]

        each = await asyncio.gather(*(ask() for _ in range(callers)))
        return [answer for answers in each for answer in answers]

    def leave(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    async def _connection(
        self,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        return await asyncio.open_connection("127.0.0.1", self._port)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip().lower() for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        return int(first.split()[1]), headers, await _chunks(reader)
    length = int(headers.get("content-length", "0"))
    return int(first.split()[1]), headers, await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int(await reader.readline(), 16)
        body += await reader.readexactly(size)
        await reader.readline()
        if not size:
            return body


def p99(answers: Iterable[Answer]) -> float:
    """Return the milliseconds that 99 of 100 answers did not exceed."""
    return percentile((answer.seconds * 1000 for answer in answers), 0.99)


def share_ok(answers: list[Answer]) -> float:
    """Return the percentage of answers that are as they were meant to be."""
    return 100 * sum(a.ok for a in answers) / len(answers) if answers else 0.0


def fates(answers: Iterable[Answer]) -> dict[str, int]:
    """Return how many requests met each fate."""
    return dict(sorted(Counter(answer.fate for answer in answers).items()))


def spoken(counts: dict[str, int]) -> str:
    """Return `fates` for a table."""
    return "; ".join(f"{count} x {fate}" for fate, count in counts.items()) or "none"
