"""The life of one worker: prepared, loaded, serving, drained."""

import faulthandler
import importlib
import importlib.util
import io
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassware.current import Member, members
from glassware.environment import PRIVATE
from glassware.errors import AppNotLoaded

from .admission import prepare_for_tokens
from .credentials import keep_out_of_logs
from .django_project import settle_addresses
from .drain import end_now
from .endpoints import endpoints_of, files_of_modules, give_way
from .frameworks import answer_errors_of_others
from .job import Job
from .load import Loaded, load, search
from .report import Report
from .serve import choose, serve
from .sessions import session_facts, settle_sessions
from .system import allow_open_files, name_process


FAILED = 3


def work(job: Job, report: Report) -> None:
    """Load the application of `job` and serve it; never returns."""
    report.say("started", pid=os.getpid())
    environment = dict(os.environ)
    try:
        loaded = prepared(job)
        facts = ready_facts(job, loaded)
        if facts["server"] == "granian" and not granian_fits():
            public: Any = importlib.import_module(".granian_public", __package__)
            public.begin_anew(job, report, loaded.interface, environment)
        serve(job, loaded, lambda: _ready(report, facts))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
        report.failed(error)
        end_now(FAILED)


def prepared(job: Job) -> Loaded:
    """Become the process that `job` describes, and load its application.

    Raises:
        BaseException: Whatever the application raises at import.
    """
    settle(job.service)
    become_service(job)
    prepare_for_tokens(job)
    give_way((job.folder, job.folder / "src"))
    search(python_path(job))
    return adapted(load(job.folder, job.app, job.service), job)


def settle(name: str) -> None:
    """Set up what a process has once, under the name that `ps` shows."""
    name_process(name)
    # A crash in native code then leaves a traceback in the log.
    faulthandler.enable()
    allow_open_files()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", line_buffering=True)


def become_service(job: Job) -> None:
    """Let the process be the service of `job`, before the first line of its code."""
    members[job.service] = Member(name=job.service, environment=job.environment)
    keep_out_of_logs(job.environment)
    # Its key is for calls alone: whatever the service starts is not to have it.
    own = {n: value for n, value in job.environment.items() if n not in PRIVATE}
    become(own, job.folder)


def become(variables: Mapping[str, str], folder: Path) -> None:
    """Let the process have these variables alone, and work in `folder`."""
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    os.chdir(folder)


def adapted(loaded: Loaded, job: Job) -> Loaded:
    """Return `loaded` once its application knows that it is a part of a site."""
    settle_sessions(loaded.application)
    answer_errors_of_others(loaded.application)
    # Flask is the application's choice: without it, nothing of this is imported.
    if "flask" in sys.modules:
        extension: Any = importlib.import_module("glassware.website.extension")
        extension.take_in(loaded.application)
    return loaded


def ready_facts(job: Job, loaded: Loaded) -> dict[str, Any]:
    """Return what the supervisor is told about a loaded application."""
    endpoints = endpoints_of(loaded.application)
    settle_addresses(job.mounts)
    return {
        "interface": loaded.interface,
        "server": choose(job, loaded),
        "endpoints": endpoints,
        "modules": files_of_modules(),
        **pages_of(loaded.application),
        "session": session_facts(loaded.application),
    }


def pages_of(application: Any) -> dict[str, dict[str, str]]:
    """Return the pages that the layout makes for the gateway, if this is it."""
    extensions = getattr(application, "extensions", None)
    make = extensions.get("glassware.pages") if isinstance(extensions, dict) else None
    return {"pages": make()} if make else {}


def granian_fits() -> bool:
    """Return whether the granian that is installed serves in this process.

    Raises:
        AppNotLoaded: None is.
    """
    if importlib.util.find_spec("granian") is None:
        raise AppNotLoaded(
            f"`granian` is not installed for `{sys.executable}`",
            hint="`glassware install` adds it to a service's own environment",
        )
    try:
        from .granian_private import fits  # noqa: PLC0415 - another granian may lack it
    except ImportError:
        return False
    return fits()


def _ready(report: Report, facts: dict[str, object]) -> None:
    report.say("ready", **facts)
    report.close()


def python_path(job: Job) -> list[Path]:
    """Return the folders of `PYTHONPATH`, the last one first."""
    # A forked process has had its start already: it would ignore the variable.
    entries = job.environment.get("PYTHONPATH", "").split(os.pathsep)
    return [Path(entry).absolute() for entry in reversed(entries) if entry]
