"""A site as it is described: inert, frozen, complete.

The classes here are the only place where a manifest's key is declared. Types,
limits, the JSON Schema and the reference page are all made from them: a
`Meta(description=…)` is the sentence that users read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta


Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=40)]
Mount = Literal["script_name", "keep", "strip"]
Server = Literal["granian", "threaded"]
Reload = Literal["overlap", "replace"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A part of the site's address space that leads to a service."""

    path: Annotated[
        str, Meta(description="Public path prefix, matched by whole segments.")
    ] = "/"
    host: Annotated[
        str | None, Meta(description="Only for this host name; absent: every host.")
    ] = None
    mount: Annotated[
        Mount | None,
        Meta(
            description="How the service sees the prefix: as `SCRIPT_NAME`, kept in "
            "the path, or stripped. Absent: `script_name` for an application, "
            "`strip` for a command."
        ),
    ] = None
    only: Annotated[
        tuple[str, ...],
        Meta(description="Publish only these rule patterns of the service."),
    ] = ()
    except_: Annotated[
        tuple[str, ...],
        Meta(description="Publish all but these rule patterns of the service."),
    ] = ()
    stream: Annotated[
        bool,
        Meta(description="Pass request bodies through unbuffered, without a limit."),
    ] = False
    max_body: Annotated[
        int, Meta(ge=0, description="Largest request body, in bytes.")
    ] = 16 * MIB
    timeout: Annotated[
        float, Meta(gt=0, description="Seconds until the gateway gives up.")
    ] = 10.0
    csrf: Annotated[
        bool, Meta(description="Refuse cross-site form posts (read from issue 5 on).")
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A plain TCP address for programs that know nothing of glassware."""

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="The port it insists on; absent: any."),
    ] = None
    host: Annotated[
        str | None,
        Meta(
            description="`own`: a loopback address of its own, so that several "
            "services can have the same port. Absent: `127.0.0.1`."
        ),
    ] = None
    names: Annotated[
        tuple[str, ...],
        Meta(description="Host names that lead to it inside this site."),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A folder with an application, and what it needs.

    `name`, `folder`, `origin` (its manifest) and `requirements` (its own
    `requirements.txt` or `pyproject.toml`) come from where it was found; every
    other field is a key of `service.toml`.
    """

    name: str
    folder: Path
    origin: Path | None = None
    requirements: Path | None = None
    app: Annotated[
        str | None,
        Meta(description="`module:name` of the application or factory."),
    ] = None
    command: Annotated[
        str | None,
        Meta(description="A program that listens on `$PORT`, in place of `app`."),
    ] = None
    routes: Annotated[
        tuple[Route, ...], Meta(description="Public addresses; none: internal.")
    ] = ()
    calls: Annotated[
        tuple[str, ...], Meta(description="The neighbours that it may call.")
    ] = ()
    databases: Annotated[
        Mapping[str, str], Meta(description='`NAME = "ENGINE"`, one line each.')
    ] = field(default_factory=dict)
    environment: Annotated[
        Mapping[str, str],
        Meta(description="Variables; `{services.NAME.url}` and the like are filled."),
    ] = field(default_factory=dict)
    address: Annotated[
        Address | None, Meta(description="A plain TCP address, where one is needed.")
    ] = None
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes.")] = 1
    threads: Annotated[
        int, Meta(ge=1, le=256, description="Requests at once in each worker.")
    ] = 4
    isolated: Annotated[
        bool, Meta(description="Start as a plain process, never forked.")
    ] = False
    server: Annotated[
        Server | None,
        Meta(description="`threaded` for WebSockets over WSGI; absent: found out."),
    ] = None
    reload: Annotated[
        Reload,
        Meta(description="`replace`: the old stops before the new starts."),
    ] = "overlap"
    drain: Annotated[
        float, Meta(ge=0, description="Seconds that a stopping worker may take.")
    ] = 10.0
    fast: Annotated[
        bool, Meta(description="Let the worker make Flask faster (from issue 7 on).")
    ] = True
    owner: Annotated[str | None, Meta(description="Who looks after it.")] = None
    tasks: Annotated[
        Mapping[str, str],
        Meta(description="Commands by name; `migrate` runs before traffic."),
    ] = field(default_factory=dict)
    processes: Annotated[
        Mapping[str, str],
        Meta(description="Programs beside the service that are no HTTP service."),
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The site's public address."""

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="The public port; absent: 8000 or the next."),
    ] = None
    bind: Annotated[str, Meta(description="The address that it listens on.")] = (
        "127.0.0.1"
    )
    hosts: Annotated[
        tuple[str, ...],
        Meta(description="Public host names besides `localhost`."),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where a database engine comes from."""

    url: Annotated[
        str | None,
        Meta(description="An existing server: a URL, or `env:NAME` to read one."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the manifests say.

    `folder` and `services` come from where they were found; every other field
    is a key of `site.toml`.
    """

    folder: Path
    services: tuple[Service, ...] = ()
    name: Annotated[str, Meta(description="Absent: the folder's name.")] = ""
    gateway: Annotated[Gateway, Meta(description="The public address.")] = field(
        default_factory=Gateway
    )
    groups: Annotated[
        Mapping[str, tuple[str, ...]],
        Meta(description="Services that share one process (read from issue 3 on)."),
    ] = field(default_factory=dict)
    engines: Annotated[
        Mapping[str, Engine],
        Meta(description="`[engines.postgresql]`: where that engine comes from."),
    ] = field(default_factory=dict)

    def service(self, name: str) -> Service | None:
        """Return the service of that name, or `None`."""
        return next((s for s in self.services if s.name == name), None)
