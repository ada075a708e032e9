"""Which server an application gets, and how it is served until it is told to stop."""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from glassware import current

from .admission import SPARE, admission_of, places_of
from .development import for_development
from .drain import Stop, Traffic, end, end_by, stop_signal
from .endpoints import own_modules
from .find import Application
from .health import with_health
from .job import Job
from .listen import listen
from .load import Loaded


Server = Literal["granian", "threaded"]


def choose(job: Job, loaded: Loaded) -> Server:
    """Return the server that `loaded` needs, unless the job says it."""
    if loaded.interface == "asgi" or job.server == "granian":
        return "granian"
    if job.server == "threaded" or _takes_sockets(loaded.application):
        return "threaded"
    return "granian"


def _takes_sockets(application: Any) -> bool:
    """Return whether views speak WebSockets themselves, over the raw socket."""
    if "simple_websocket" in own_modules():
        return True
    if "socketio" in getattr(application, "extensions", ()):
        return True
    url_map: Any = getattr(application, "url_map", None)
    return url_map is not None and any(r.websocket for r in url_map.iter_rules())


def serve(job: Job, loaded: Loaded, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, finish what is under way, and end the process.

    Args:
        job: Where to listen, and how long to drain.
        loaded: What to serve.
        ready: Called as soon as requests are answered.

    Raises:
        OSError: The socket cannot be bound.
        AppNotLoaded: An ASGI application says that it cannot start.
    """
    if loaded.interface == "asgi":
        asyncio.run(_serve_asgi(job, loaded, ready))
    else:
        _serve_wsgi(job, loaded, ready)


def _serve_wsgi(job: Job, loaded: Loaded, ready: Callable[[], None]) -> None:
    traffic = Traffic()
    server = _wsgi_server(job, loaded, traffic)
    stop = Stop()
    server.start()
    ready()
    stop.wait()
    end_by(job.drain)
    traffic.drain(server, job.drain)
    end()


def _wsgi_server(job: Job, loaded: Loaded, traffic: Traffic) -> Any:
    application = with_health(for_development(job, loaded), job, loaded)
    if choose(job, loaded) == "threaded":
        threaded = _room("threaded")
        admitting = _room("middleware").Admitting(
            application,
            job.mounts,
            admission_of(job),
            threaded.sockets_of(loaded.application, job.mounts),
        )
        return threaded.ThreadedServer(admitting, listen(job), traffic)
    answering = answering_of(job, application, traffic)
    if job.threads > 1:
        known = current.members[job.service]
        own = _room("group_calls").MemberCall(job.service, answering)
        current.members[job.service] = replace(known, own=own)
    return granian_server(job, _room("wsgi").granian_callback(answering, traffic))


def answering_of(job: Job, application: Application, traffic: Traffic) -> Any:
    """Return the `wsgi.Answering` of a service."""
    return _room("wsgi").Answering(application, job.mounts, traffic, admission_of(job))


def granian_server(job: Job, callback: Callable[..., None]) -> Any:
    """Return a server that listens where `job` says, and calls `callback`."""
    return _room("granian_private").WsgiServer(
        callback, listen(job), places_of(job) + SPARE
    )


async def _serve_asgi(job: Job, loaded: Loaded, ready: Callable[[], None]) -> None:
    asgi = _room("asgi")
    traffic = Traffic()
    application = with_health(for_development(job, loaded), job, loaded)
    lifespan = _room("lifespan").Lifespan(application)
    await lifespan.start()
    admitting = asgi.admitting(
        application, job.mounts, traffic, asgi.asgi_admission_of(job), lifespan.state
    )
    server = _room("granian_private").AsgiServer(admitting, listen(job))
    stopped = stop_signal()
    server.start()
    ready()
    await stopped()
    end_by(job.drain)
    await asyncio.to_thread(traffic.drain, server, job.drain)
    await lifespan.end()
    end()


def _room(module: str) -> Any:
    """Import a module of this room when it is needed: each costs memory."""
    return importlib.import_module(f".{module}", __package__)
