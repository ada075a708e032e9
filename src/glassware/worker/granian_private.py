"""The one place that uses what granian does not publish.

granian's public classes own the process: they spawn workers, take the signals
and, for WSGI, never serve in the process that they are called in. A forked
worker needs exactly that, so this file calls the Rust workers beneath them.
They are pinned to `VERSION`; with any other, `granian_public` serves.
"""

# ruff: noqa: SLF001 - what is private is what this file is about
import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from granian import _futures, _granian
from granian.http import HTTP1Settings


# Its own annotations are behind its code, and some of it has none.
_rust: Any = _granian
_python: Any = _futures

VERSION = "2.8.7"

# Each connection counts, idle ones too; beyond this granian falls silent.
CONNECTIONS = 10_000

# granian closes a connection that is idle for so long, in milliseconds. Only the
# gateway and neighbours connect, and they must be the ones to close: a request
# that meets a closing connection is lost.
IDLE = 24 * 60 * 60 * 1000


def fits() -> bool:
    """Return whether this is the granian that this file was written for."""
    return bool(_rust.__version__ == VERSION)


class _NoLoop:
    """What the scheduler looks for on a loop, and never calls for WSGI."""

    def call_soon(self, *arguments: object) -> None:
        raise NotImplementedError


class _Server:
    """A worker of granian's, in this process.

    Args:
        listener: Bound and listening; kept open as long as the server is.
    """

    _worker: Any
    _scheduler: Any
    _loop: Any
    _serve: str

    def __init__(self, listener: socket.socket) -> None:
        _quiet()
        self._signal = _rust.WorkerSignal()
        self._stopped = threading.Event()
        self._signal.add_cb(self._stopped.set)
        self._listener = listener

    def start(self) -> None:
        """Begin to serve, in threads of granian's own."""
        unix = self._listener.family == socket.AF_UNIX
        serve = getattr(self._worker, f"{self._serve}_uds" if unix else self._serve)
        serve(self._scheduler, self._loop, self._signal)

    def stop(self) -> None:
        """Take no connection, and close each one when it is idle."""
        self._signal.set()

    def has_stopped(self) -> bool:
        """Whether every connection is closed.

        One that never sent a request stays open: do not wait for this alone.
        """
        return self._stopped.is_set()


class WsgiServer(_Server):
    """granian's WSGI worker.

    Args:
        callback: Called with granian's protocol object and a new environ.
        listener: Bound and listening; kept open as long as the server is.
        threads: Requests at once, waiting ones included.
    """

    _serve = "serve_mtr"

    def __init__(
        self,
        callback: Callable[[Any, dict[str, Any]], None],
        listener: socket.socket,
        threads: int,
    ) -> None:
        super().__init__(listener)
        self._worker = _rust.WSGIWorker(**_settings(listener, threads))
        # WSGI needs the scheduler for its callback alone; no loop runs.
        self._loop = _NoLoop()
        self._scheduler = _python._new_cbscheduler(
            self._loop, callback, impl_asyncio=True
        )


class AsgiServer(_Server):
    """granian's ASGI worker, in the running event loop.

    Args:
        callback: An ASGI application.
        listener: Bound and listening; kept open as long as the server is.
    """

    _serve = "serve_async"

    def __init__(
        self, callback: Callable[..., Awaitable[None]], listener: socket.socket
    ) -> None:
        super().__init__(listener)
        self._loop = asyncio.get_running_loop()
        self._worker = _rust.ASGIWorker(
            **_settings(listener, 1), websockets_enabled=True
        )

        async def called(scope: Any, protocol: Any) -> None:
            await callback(scope, protocol.receive, protocol.send)

        self._scheduler = _python._new_cbscheduler(
            self._loop, _python._future_watcher_wrapper(called), impl_asyncio=True
        )


def _settings(listener: socket.socket, threads: int) -> dict[str, Any]:
    unix = listener.family == socket.AF_UNIX
    holder = _rust.SocketHolder(listener.fileno(), unix, socket.SOMAXCONN)
    return {
        "worker_id": 1,
        "sock": (None, holder),
        "ipc": None,
        "threads": 1,
        "blocking_threads": 1,
        "py_threads": threads,
        "backpressure": CONNECTIONS,
        "http_mode": "1",
        "http1_opts": HTTP1Settings(header_read_timeout=IDLE),
    }


def _quiet() -> None:
    # Its own words ("Started worker-1") would come up in the application's log.
    logging.getLogger("_granian").setLevel(logging.ERROR)
