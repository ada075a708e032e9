"""How a worker stops: nothing it has taken on is dropped, and it does end.

1. SIGTERM: every answer from now on asks its client to connect anew. The
   supervisor has taken the socket out of sight before, so nobody new comes.
2. When no request has been under way for `QUIET` seconds, or half the time is
   over, the server closes what is idle.
3. When no request is under way any more, exit handlers run and the process
   ends; at the deadline, or at a second SIGTERM, it ends wherever it is.
"""

import asyncio
import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn, Protocol


QUIET = 0.1
STEP = 0.01

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server(Protocol):
    """What answers requests."""

    def stop(self) -> None:
        """Take no connection, and close each one when it is idle."""

    def has_stopped(self) -> bool:
        """Whether every connection is closed."""


class Traffic:
    """The requests that are under way.

    Attributes:
        closing: Whether the worker stops: answers then close their connection.
    """

    def __init__(self) -> None:
        self.closing = False
        self._running: set[object] = set()
        self._last = 0.0

    def enter(self) -> object:
        """Count a request; give what is returned to `leave`."""
        token = object()
        self._running.add(token)
        return token

    def leave(self, token: object) -> None:
        """Count it out, once or more often."""
        self._running.discard(token)
        if self.closing:
            self._last = time.monotonic()

    def _is_quiet(self) -> bool:
        return not self._running and time.monotonic() - self._last >= QUIET

    def drain(self, server: Server, seconds: float) -> None:
        """Stop `server` and return when nothing is under way any more.

        Nobody can tell whether a request is on its way over a connection that
        is kept, so clients get some time to read that it is to be closed.
        """
        self.closing = True
        self._last = time.monotonic()
        end = self._last + seconds / 2
        while not self._is_quiet() and time.monotonic() < end:
            time.sleep(STEP)
        server.stop()
        self._last = time.monotonic()
        while not (server.has_stopped() or self._is_quiet()):
            time.sleep(STEP)


class Stop:
    """The wish that this process ends; make it before anybody can have it.

    The second signal ends the process at once.
    """

    def __init__(self) -> None:
        self._asked = False
        # A signal that comes just before a blocking call would not interrupt it;
        # the byte that the C handler writes is there to be read.
        self._pipe, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for signum in SIGNALS:
            signal.signal(signum, self._ask)
        _keep_from_children()

    def wait(self) -> None:
        """Return when the process is to stop."""
        while os.read(self._pipe, 1)[0] not in SIGNALS:
            pass

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        if self._asked:
            end_now()
        self._asked = True


def stop_signal() -> Callable[[], Awaitable[object]]:
    """Return what waits for the same wish in the running event loop."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def ask() -> None:
        if stopping.is_set():
            end_now()
        stopping.set()

    for signum in SIGNALS:
        loop.add_signal_handler(signum, ask)
    _keep_from_children()
    return stopping.wait


def _keep_from_children() -> None:
    """Let signals to what the service forks be no signals to this process.

    A child has the parent's handlers, and writes into the pipe that the parent
    reads.
    """
    os.register_at_fork(after_in_child=_hear_nothing)


def _hear_nothing() -> None:
    signal.set_wakeup_fd(-1)
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_DFL)


def end_by(seconds: float) -> None:
    """End the process after `seconds`, whatever its threads do."""
    timer = threading.Timer(seconds, end_now)
    timer.daemon = True
    timer.start()


def end() -> NoReturn:
    """Run exit handlers and end, without waiting for any thread."""
    with suppress(BaseException):
        # What `sys.exit` would do, had it not to wait for threads first.
        atexit._run_exitfuncs()  # noqa: SLF001
    with suppress(BaseException):
        logging.shutdown()
    end_now()


def end_now(code: int = 0) -> NoReturn:
    """Write out what is buffered and end."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(code)
