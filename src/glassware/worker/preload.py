"""Imports that the workers of a zygote share, made once and before any fork."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence

from .endpoints import is_installed
from .system import socket_count, thread_count


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
    "jwt.algorithms",
    "werkzeug.debug",
    "glassware.worker.process",
    "glassware.worker.granian_private",
    "glassware.worker.wsgi",
)


class CannotBeShared(Exception):
    """Importing a module did what no fork can take along.

    Attributes:
        module: Its name.
        reason: What it did.
    """

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"`{module}`: {reason}")
        self.module = module
        self.reason = reason


def preload(modules: Sequence[str], but: Mapping[str, str]) -> dict[str, str]:
    """Import `USUAL` and `modules`; return why each skipped one was skipped.

    Args:
        modules: What the site's services share besides.
        but: Modules that cannot be shared, and why.

    Raises:
        CannotBeShared: This process can no longer fork: begin anew without it.
    """
    skipped: dict[str, str] = {}
    before = socket_count()
    for module in dict.fromkeys((*USUAL, *modules)):
        if reason := but.get(module) or _import(module):
            skipped[module] = reason
        if thread_count() > 1:
            raise CannotBeShared(module, "it starts a thread when it is imported")
        if socket_count() > before:
            raise CannotBeShared(module, "it opens a connection when it is imported")
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
