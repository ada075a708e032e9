"""Databases: one folder for each engine, all of one shape.

An engine answers the questions of `Engine` and runs no loop of its own: the
supervisor starts what `launch` describes, asks `ready`, and calls `provision`.
Every method is synchronous and may block; the supervisor calls it in a thread.

Where a server's programs come from is decided in `sources`, what has to be
fetched for them is described in `packages`. An engine of another distribution
is an entry point of the group `glassware.engines`: a name, and such an object.
"""

import importlib
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, Protocol, cast

from glassware.errors import EngineError, MissingExtra

from .packages import Package


NAMES = ("postgresql", "redis", "mongodb", "cassandra", "dynamodb", "sqlite")
"""The engines that come with glassware; each is the folder of that name."""

PLUGINS = "glassware.engines"
"""The group of entry points in which other distributions name theirs."""

Source = Literal["machine", "embedded", "container"]
"""Where the programs of a server come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program of a server, found on this machine.

    Attributes:
        source: Where it comes from.
        version: In numbers, as the server itself says it.
        path: The program; for a container the tool that runs it. An engine
            without a server has none.
        image: What the container is made of; empty where there is none.
        title: What it calls itself, where that is not its engine's name, such
            as `Valkey`.
        note: What whoever starts it should know; a few words, or nothing.
    """

    source: Source
    version: str
    path: Path | None = None
    image: str = ""
    title: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """How a server runs in a container.

    The image's own conventions: a port, a folder for its data, and variables
    or files that make its administrator, whose password `{password}` stands
    for. It is never among the arguments.

    Attributes:
        name: With the place it is fetched from, such as
            `docker.io/library/postgres:18`.
        port: The one it listens on, inside.
        data: The folder that survives restarts, inside.
        environment: Variables by name.
        files: Texts by their absolute path inside.
        arguments: What goes behind the image's name.
        stop: The signal that ends it in good order.
    """

    name: str
    port: int
    data: str
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    stop: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one server of the site's own lives.

    Attributes:
        program: What serves it.
        data: Its folder in the site's state folder; survives restarts.
        runtime: A short-pathed folder of mode 0700 for its socket; servers may
            share it, since a socket's name holds the port.
        port: A loopback port that is free or its own.
        password: Of its administrator; letters, digits, `-` and `_`.
    """

    program: Program
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
        ends: The exit codes that it has then.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM
    ends: frozenset[int] = frozenset({0})


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
        endpoint: Where an engine that speaks HTTP is asked, such as
            `http://127.0.0.1:8000`. Empty for others.
    """

    url: str = field(repr=False)
    native_url: str = field(repr=False)
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    socket: str = ""
    endpoint: str = ""
    location: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "location", self.url.partition(":")[2])

    def offer(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Return the `variables` of an engine that this access has a value for."""
        values = asdict(self)
        filled = {
            name: template.format_map(values) for name, template in templates.items()
        }
        return {name: value for name, value in filled.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One file of migrations.

    Attributes:
        path: The file.
        text: What is in it.
    """

    path: Path
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A program in which a person types to a database.

    Attributes:
        argv: The program and its arguments; no secret is among them.
        environment: Variables that it needs besides those of the terminal.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Engine(Protocol):
    """One kind of database.

    Engines are subclasses, and define what has no body here.

    Attributes:
        name: As manifests write it.
        extra: The extra of the distribution that brings its packages.
        package: What has to be fetched before there is an embedded server;
            `None`: nothing, or an extra brings it.
        image: How the server runs in a container; `None`: it cannot.
        scripts: The ending of the migrations that `apply` understands, such as
            `.sql`; empty: none.
        variables: Ordinary variables that a service with exactly one such
            database is offered, each with a template such as `{url}` or
            `postgresql+psycopg:{location}`: `str.format` over the fields of
            `Access`. `Access.offer` fills them.
    """

    name: str
    extra: str
    variables: Mapping[str, str]
    package: Package | None = None
    image: Image | None = None
    scripts: str = ""

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the server's program that is already on this machine, if it is.

        Args:
            path: Where it is, if the site says so.
        """
        return None

    def embedded(self) -> Program:
        """Return the server's program that comes with an extra, or was fetched.

        Raises:
            MissingExtra: Its package is not installed.
            NotFetched: Nobody has fetched it yet.
            EngineError: There is none for this machine.
        """

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is.

        Raises:
            EngineError: It cannot be used; data that is there is left alone.
        """

    def launch(self, place: Place) -> Launch | None:
        """Return what serves `place` in the foreground; `None`: it needs no server."""

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

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now: tests begin with it.

        May be called again, and remembers the newer state then.

        Raises:
            EngineError: This engine cannot, or not now.
        """
        raise EngineError(f"`{self.name}` has no state to go back to")

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back to what it was at the last `mark`, within milliseconds.

        Connections of the service may break, and find their way back.

        Raises:
            EngineError: As `mark`, or nothing was marked.
        """
        raise EngineError(f"`{self.name}` has no state to go back to")

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""

    def shell(self, access: Access) -> Shell | None:
        """Return the engine's own shell; `None`: there is none on this machine."""
        return None

    def apply(
        self,
        access: Access,
        scripts: Sequence[Script],
        tell: Callable[[str], None],
    ) -> None:
        """Apply those of `scripts` that a database has not seen, in their order.

        Args:
            access: The service's own.
            scripts: All there are, in the order of their names.
            tell: Told a line for each that is applied.

        Raises:
            TaskFailed: One failed, or is not what was applied before; the
                message names the file, its line and the statement.
        """
        raise EngineError(f"`{self.name}` has no scripts")


def names() -> tuple[str, ...]:
    """Return the engines that there are on this machine, ours first."""
    return (*NAMES, *sorted(entry_points(group=PLUGINS).names))


def find(name: str) -> Engine:
    """Return the engine that manifests call `name`.

    Raises:
        EngineError: There is no such engine.
        MissingExtra: Its packages are not installed.
    """
    if name in NAMES:
        return _ours(name)
    for entry in entry_points(group=PLUGINS, name=name):
        return cast("Engine", entry.load())
    known = ", ".join(f"`{known}`" for known in names())
    raise EngineError(f"there is no engine `{name}`", hint=f"there is {known}")


def _ours(name: str) -> Engine:
    try:
        module = importlib.import_module(f".{name}", __name__)
    except ImportError as error:
        if isinstance(error, MissingExtra):
            raise
        raise MissingExtra(name, f"the engine `{name}`") from error
    return cast("Engine", module.engine)
