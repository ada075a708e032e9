"""Who is asked whether it lives, and what counts as an answer."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from glassware.runner.liveness import WITHIN, answering


ALIVE = b"HTTP/1.1 204 No Content\r\n\r\n"


class Listeners:
    """Sockets at which somebody says something when asked."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self.questions: list[bytes] = []
        self._folder = folder
        self._ends = ends

    def add(self, name: str, answer: bytes | None = None) -> Path:
        """Listen at a new socket; `None`: accept nothing, as a process that hangs."""
        path = self._folder / name
        listener = self._ends.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(4)
        if answer is not None:
            thread = threading.Thread(target=self._serve, args=(listener, answer))
            thread.start()
            # Whoever waits in `accept` is not woken by a close.
            self._ends.callback(thread.join)
            self._ends.callback(listener.shutdown, socket.SHUT_RDWR)
        return path

    def _serve(self, listener: socket.socket, answer: bytes) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self.questions.append(connection.recv(1024))
                connection.send(answer) if answer else None


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    """Make them; they end with the test."""
    with TemporaryDirectory(prefix="gl-") as folder, ExitStack() as ends:
        yield Listeners(Path(folder), ends)


def test_who_answers_lives(listeners: Listeners) -> None:
    """With a good status, and asked for the one path that means nothing else."""
    paths = {listeners.add(f"w{number}", ALIVE) for number in range(20)}

    assert asyncio.run(answering(paths)) == paths
    assert set(listeners.questions) == {listeners.questions[0]}
    assert listeners.questions[0].startswith(b"GET /.glassware/alive HTTP/1.1\r\n")
    assert asyncio.run(answering(set())) == set()


def test_who_does_not_does_not(listeners: Listeners, tmp_path: Path) -> None:
    """One that hangs, one that breaks off, one that is broken, one that is gone."""
    lives = listeners.add("lives", ALIVE)
    others = {
        listeners.add("hangs"),
        listeners.add("breaks-off", b""),
        listeners.add("broken", b"HTTP/1.1 500 Internal Server Error\r\n\r\n"),
        listeners.add("talks-nonsense", b"hello, world, this is no HTTP\n"),
        tmp_path / "gone",
        Path(),
    }

    assert asyncio.run(answering({lives, *others})) == {lives}


def test_a_delay_of_who_asks_blames_nobody(listeners: Listeners) -> None:
    """An answer that came in time counts, however late it is read."""
    path = listeners.add("lives", ALIVE)
    held_up = threading.Event()

    async def ask() -> set[Path]:
        asked = asyncio.create_task(answering({path}))
        await asyncio.sleep(0)
        # The whole event loop does nothing for longer than an answer may take.
        held_up.wait(1.5 * WITHIN)
        return await asked

    assert asyncio.run(ask()) == {path}
