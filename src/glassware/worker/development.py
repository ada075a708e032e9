"""What a developer wants and production does not: fresh templates, a debugger."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from .django_project import with_static_files
from .find import Application
from .job import Job
from .load import Loaded


def for_development(job: Job, loaded: Loaded) -> Application:
    """Return the application of `loaded` as the job's settings want it."""
    application = loaded.application
    if job.development or job.debug:
        _reload_templates(application)
    if job.development and loaded.interface == "wsgi":
        application = with_static_files(application)
    if job.debug and hasattr(application, "debug"):
        application.debug = True
    if job.debug and loaded.interface == "wsgi":
        application = _debugged(application, job)
    return _telling(application, job, loaded) if job.development else application


def _telling(application: Application, job: Job, loaded: Loaded) -> Application:
    # Loaded where it is needed: production is to be spared all of it.
    from .hearing import listen  # noqa: PLC0415
    from .remarks import most_calls  # noqa: PLC0415

    listen()
    most = most_calls(job.environment)
    if loaded.interface == "asgi":
        from .telling_asgi import TellingAsgi  # noqa: PLC0415

        return TellingAsgi(application, most)
    from .telling_wsgi import TellingWsgi  # noqa: PLC0415

    return TellingWsgi(application, most)


def _reload_templates(application: Any) -> None:
    config = getattr(application, "config", None)
    if not isinstance(config, dict) or "TEMPLATES_AUTO_RELOAD" not in config:
        return
    if config["TEMPLATES_AUTO_RELOAD"] is None:
        config["TEMPLATES_AUTO_RELOAD"] = True
        # An environment that exists has read the setting already.
        if "jinja_env" in vars(application):
            application.jinja_env.auto_reload = True


def _debugged(application: Application, job: Job) -> Application:
    from werkzeug.debug import DebuggedApplication  # noqa: PLC0415 - only for debugging

    if job.development:
        from .hearing import noting  # noqa: PLC0415 - as in `_telling`

        application = noting(application)
    debugged = DebuggedApplication(application, evalex=True)
    if hasattr(debugged, "trusted_hosts"):  # from Werkzeug 3.0.3 on
        debugged.trusted_hosts += _public_hosts(job)
    if debugged.pin is None:
        sys.stderr.write("the debugger is active, without a PIN\n")
    else:
        sys.stderr.write(f"the debugger is active; its PIN is {debugged.pin}\n")
    return debugged


def _public_hosts(job: Job) -> list[str]:
    host = urlsplit(os.environ.get("GLASSWARE_URL", "")).hostname
    return [host] if host else []
