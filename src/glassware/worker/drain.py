"""How a worker stops: nothing it has taken on is dropped, and it does end.

1. SIGTERM: every answer from now on asks its client to connect anew. The
   supervisor has taken the socket out of sight before, so nobody new comes.
2. When no request has been under way for `QUIET` seconds, or half the time is
   over, the server closes what is idle and waits for what is not.
3. When it is done, exit handlers run, and the process ends; at the deadline,
   or at a second SIGTERM, it ends wherever it is.
"""

import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn


QUIET = 0.1
STEP = 0.01


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

    def close(self) -> None:
        """Begin to close connections."""
        self.closing = True
        self._last = time.monotonic()

    def is_quiet(self) -> bool:
        """Whether no request has been under way for a moment."""
        return not self._running and time.monotonic() - self._last >= QUIET

    def wait_until_quiet(self, seconds: float) -> None:
        """Return when it is quiet, or after `seconds`."""
        end = time.monotonic() + seconds
        while not self.is_quiet() and time.monotonic() < end:
            time.sleep(STEP)


def on_stop(begin: Callable[[], object]) -> None:
    """Call `begin` at the first SIGTERM or SIGINT; end at the second.

    Args:
        begin: Called in the main thread, between two of its instructions.
    """
    asked = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            end_now()
        asked = True
        begin()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


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
