"""Databases: one file for each engine, all of one shape.

An engine answers the questions of `Engine` and runs no loop of its own: the
supervisor starts what `launch` describes, asks `ready`, and calls `provision`.
Every method is synchronous and may block; the supervisor calls it in a thread.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one embedded server lives.

    Attributes:
        data: Its folder in the site's state folder; survives restarts.
        runtime: A short-pathed folder of mode 0700 for its socket.
        port: A loopback port that is free or its own.
        password: Of its administrator.
    """

    data: Path
    runtime: Path
    port: int
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program for the supervisor to start."""

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

    `url`, `host` and `port` are plain TCP, which every client understands;
    `native_url` is what `glassware.databases` opens (a unix socket where the
    server has one).
    """

    url: str = field(repr=False)
    native_url: str = field(repr=False)
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    socket: str = ""


class Engine(Protocol):
    """One kind of database.

    Attributes:
        name: As manifests write it.
        extra: The extra of the distribution that brings its packages.
        shared: Whether one server serves all services of the site, or each
            declaration gets a process of its own.
        variables: Ordinary variables that a service with exactly one such
            database is offered, each with a template of `Access` fields.
    """

    name: str
    extra: str
    shared: bool
    variables: Mapping[str, str]

    def version(self) -> str:
        """Return the version of the embedded server."""

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does nothing where it already is."""

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long."""

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the database and role of `grant`; does nothing where they are."""

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the database and role of `grant` from a server."""
