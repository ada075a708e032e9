"""granian through its public class, for versions that `granian_private` is not for.

The class runs a manager process with one worker below it, so a service costs
two processes, and its drain is granian's own. A worker that finds another
granian than the pinned one begins anew as a plain process that serves this way.
"""

import logging
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, NoReturn

import granian
from granian.constants import HTTPModes, Interfaces

from .admission import SPARE, admission_of, places_of
from .asgi import admitting, asgi_admission_of
from .development import for_development
from .drain import Traffic, end_now
from .find import Interface
from .health import with_health
from .job import Job, write_job
from .listen import BACKLOG
from .middleware import Unpolluted
from .process import FAILED, prepared, ready_facts
from .report import Report
from .system import die_with_parent


CONNECTIONS = 10_000
POLL = 0.01


def begin_anew(
    job: Job, report: Report, interface: Interface, environment: Mapping[str, str]
) -> NoReturn:
    """Replace this process, its threads included, by one that serves publicly."""
    descriptor, name = tempfile.mkstemp()
    Path(name).unlink()
    os.write(descriptor, write_job(job))
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.set_inheritable(descriptor, True)
    status = report.inheritable()
    argv = [sys.executable, "-P", "-m", "glassware.worker", "--publicly", interface]
    argv += ["--status", str(status), "--job", str(descriptor)]
    os.execve(sys.executable, argv, dict(environment))


def serve_publicly(job: Job, interface: Interface, report: Report) -> NoReturn:
    """Serve until SIGTERM.

    Args:
        job: What to serve, and where.
        interface: Known from having loaded the application before.
        report: Told by granian's worker process, which loads it again.
    """
    # The worker inherits what this process knows: the job and the status pipe.
    multiprocessing.set_start_method("fork", force=True)
    logging.getLogger("_granian").setLevel(logging.ERROR)

    def load() -> Callable[..., Any]:
        die_with_parent()
        try:
            return _application(job, interface, report)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
            report.failed(error)
            end_now(FAILED)

    try:
        _granian(job, interface).serve(target_loader=load, wrap_loader=False)
    except SystemExit as ended:
        end_now(FAILED if ended.code else 0)
    end_now()


def _application(job: Job, interface: Interface, report: Report) -> Callable[..., Any]:
    loaded = prepared(replace(job, server="granian"))
    application = with_health(for_development(job, loaded), job, loaded)
    facts = ready_facts(job, loaded)
    # granian begins to listen when this function has returned.
    threading.Thread(target=_announce, args=(job, report, facts), daemon=True).start()
    if interface == "wsgi":
        return Unpolluted(application, job.mounts, admission_of(job))
    return _with_lifespan(application, job)


def _announce(job: Job, report: Report, facts: dict[str, object]) -> None:
    family = socket.AF_INET if job.address else socket.AF_UNIX
    while True:
        with socket.socket(family) as client, suppress(OSError):
            client.connect(job.address or str(job.socket))
            break
        time.sleep(POLL)
    report.say("ready", **facts)
    report.close()


def _with_lifespan(application: Any, job: Job) -> Callable[..., Any]:
    admission = asgi_admission_of(job)
    requests = admitting(application, job.mounts, Traffic(), admission)

    async def called(scope: Any, receive: Any, send: Any) -> None:
        # granian itself runs the lifespan here, and keeps its state.
        target = application if scope["type"] == "lifespan" else requests
        await target(scope, receive, send)

    return called


def _granian(job: Job, interface: Interface) -> Any:
    wsgi = interface == "wsgi"
    host, port = job.address or ("127.0.0.1", 8000)
    return granian.Granian(
        target=job.service,
        address=host,
        port=port,
        uds=None if job.address or not job.socket else Path(job.socket),
        uds_permissions=0o600,
        interface=Interfaces.WSGI if wsgi else Interfaces.ASGI,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        blocking_threads=places_of(job) + SPARE if wsgi else 1,
        workers_kill_timeout=max(1, ceil(job.drain)),
        log_enabled=False,
    )
