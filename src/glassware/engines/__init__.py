"""Databases: one file for each engine, all of one shape.

An engine answers the questions of `Engine` and runs no loop of its own: the
supervisor starts what `launch` describes, asks `ready`, and calls `provision`.
Every method is synchronous and may block; the supervisor calls it in a thread.
"""

import importlib
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, cast

from glassware.errors import EngineError, MissingExtra


NAMES = ("postgresql", "redis")
"""The engines there are; each is the file of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one embedded server lives.

    Attributes:
        data: Its folder in the site's state folder; survives restarts.
        runtime: A short-pathed folder of mode 0700 for its socket; servers may
            share it, since a socket's name holds the port.
        port: A loopback port that is free or its own.
        password: Of its administrator; letters, digits, `-` and `_`.
    """

    data: Path
    runtime: Path
    port: int
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program for the supervisor to start.

    Attributes:
        argv: The program and its arguments; no secret is among them.
        environment: Variables that it needs besides `PATH`.
        stop: The signal that ends it in good order.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a service gets on a server: a database and a role of its own."""

    database: str
    role: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a service reaches its database.

    Attributes:
        url: Plain TCP, which every client understands.
        location: The same without the scheme: everything after its colon.
        native_url: What `glassware.databases` opens: through a unix socket
            where the server has one.
        host: Of `url`.
        port: Of `url`.
        user: The role.
        password: Of the role, as it is (in `url` it is percent-encoded).
        name: Of the database.
        socket: What clients of this engine take as a socket: for PostgreSQL the
            folder, for Redis the file. Empty where there is none.
    """

    url: str = field(repr=False)
    native_url: str = field(repr=False)
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    socket: str = ""
    location: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "location", self.url.partition(":")[2])

    def offer(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Return the `variables` of an engine, filled with this access."""
        values = asdict(self)
        return {
            name: template.format_map(values) for name, template in templates.items()
        }


class Engine(Protocol):
    """One kind of database.

    Attributes:
        name: As manifests write it.
        extra: The extra of the distribution that brings its packages.
        shared: Whether one server serves all services of the site, or each
            declaration gets a process of its own.
        variables: Ordinary variables that a service with exactly one such
            database is offered, each with a template such as `{url}` or
            `postgresql+psycopg:{location}`: `str.format` over the fields of
            `Access`. `Access.offer` fills them.
    """

    name: str
    extra: str
    shared: bool
    variables: Mapping[str, str]

    def version(self) -> str:
        """Return the version of the embedded server."""

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is.

        Raises:
            EngineError: It cannot be used; data that is there is left alone.
        """

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long.

        Raises:
            EngineError: It answers, and refuses this administrator for good.
        """

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the database and role of `grant`, or bring them up to date."""

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the database and role of `grant` from a server."""

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""


def find(name: str) -> Engine:
    """Return the engine that manifests call `name`.

    Raises:
        EngineError: There is no such engine.
        MissingExtra: Its packages are not installed.
    """
    if name not in NAMES:
        known = ", ".join(f"`{known}`" for known in NAMES)
        raise EngineError(f"there is no engine `{name}`", hint=f"there is {known}")
    try:
        module = importlib.import_module(f".{name}", __name__)
    except ImportError as error:
        if isinstance(error, MissingExtra):
            raise
        raise MissingExtra(name, f"the engine `{name}`") from error
    return cast("Engine", module.engine)
