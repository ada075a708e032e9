"""Imports that the workers of a zygote share, made once and before any fork."""

import importlib
import importlib.util
from collections.abc import Sequence

from .endpoints import is_installed
from .system import thread_count


# What nearly every service needs; each is skipped where it is not installed.
USUAL = (
    "asyncio",
    "concurrent.futures.thread",
    "ctypes",
    "dataclasses",
    "decimal",
    "email.utils",
    "http.cookies",
    "json",
    "logging.handlers",
    "sqlite3",
    "ssl",
    "urllib.request",
    "uuid",
    "flask",
    "granian",
    "jinja2.debug",
    "werkzeug.debug",
    "glassware.worker.process",
    "glassware.worker.granian_private",
    "glassware.worker.wsgi",
)


class StartedThreads(Exception):
    """Importing a module started a thread, which no fork can take along.

    Attributes:
        module: Its name.
    """

    def __init__(self, module: str) -> None:
        super().__init__(f"`{module}` starts a thread when it is imported")
        self.module = module


def preload(modules: Sequence[str], but: Sequence[str]) -> dict[str, str]:
    """Import `USUAL` and `modules`; return why each skipped one was skipped.

    Args:
        modules: What the site's services share besides.
        but: Modules that are known to start threads.

    Raises:
        StartedThreads: This process can no longer fork: begin anew without it.
    """
    skipped: dict[str, str] = {}
    for module in dict.fromkeys((*USUAL, *modules)):
        if module in but:
            skipped[module] = "it starts a thread when it is imported"
        elif reason := _import(module):
            skipped[module] = reason
        if thread_count() > 1:
            raise StartedThreads(module)
    return {name: why for name, why in skipped.items() if name in modules}


def _import(module: str) -> str | None:
    try:
        spec = importlib.util.find_spec(module)
        if spec is None:
            return "it is not installed"
        if (
            spec.origin
            and spec.origin.endswith(".py")
            and not is_installed(spec.origin)
        ):
            return "its files are edited, so each worker imports them anew"
        importlib.import_module(module)
    except BaseException as error:  # noqa: BLE001 - a library may raise anything
        return f"{type(error).__name__}: {error}"
    return None


def warm_up() -> None:
    """Serve one request of an empty Flask app, for the caches that it fills."""
    try:
        from flask import Flask  # noqa: PLC0415 - it may not be installed
    except ImportError:
        return
    app = Flask("glassware_warm_up")
    app.add_url_rule("/<int:number>", "view", lambda number: {"number": number})
    with app.test_client() as client:
        client.get("/1")
    app.jinja_env.from_string("{% for a in b %}{{ a }}{% endfor %}").render(b="c")
