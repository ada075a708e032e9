"""Which server an application gets, and how it is served until it is told to stop."""

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any, Literal

from .drain import Traffic, end, end_by, on_stop
from .job import Job
from .listen import listen
from .load import Loaded


Server = Literal["granian", "threaded"]

# What speaks WebSockets from within a WSGI view, over the raw socket.
SOCKET_MODULES = ("simple_websocket", "flask_sock", "flask_socketio")


def choose(job: Job, loaded: Loaded) -> Server:
    """Return the server that `loaded` needs, unless the job says it."""
    if loaded.interface == "asgi" or job.server == "granian":
        return "granian"
    if job.server == "threaded" or any(m in sys.modules for m in SOCKET_MODULES):
        return "threaded"
    return "granian"


def serve(job: Job, loaded: Loaded, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, finish what is under way, and end the process.

    Args:
        job: Where to listen, and how long to drain.
        loaded: What to serve.
        ready: Called as soon as requests are answered.

    Raises:
        OSError: The socket cannot be bound.
    """
    listener = listen(job)
    traffic = Traffic()
    server: Any = _room("granian_private").WsgiServer(
        _room("wsgi").granian_callback(loaded.application, job.mounts, traffic),
        listener,
        job.threads,
    )
    stopping = threading.Event()
    on_stop(stopping.set)
    server.start()
    ready()
    stopping.wait()
    end_by(job.drain)
    traffic.close()
    traffic.wait_until_quiet(job.drain / 2)
    server.stop()
    end()


def _room(module: str) -> Any:
    """Import a module of this room when it is needed: each costs memory."""
    return importlib.import_module(f".{module}", __package__)
