"""A service, as its manifest describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from .databases import ENGINES, Database
from .routes import Route
from .types import DAY, LARGEST_BODY, Command, Host, Name, Variable


LAYOUT = "layout"
"""The service that is the look of the site: its templates, its files, its errors."""

LAYOUT_APP = "glassware.website.look.layout_app"
"""What runs for a layout that has no application of its own."""

EVERYWHERE = "0.0.0.0"  # noqa: S104 (a name for it, nothing listens there)

Server = Literal["granian", "threaded"]
Reload = Literal["overlap", "replace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A plain TCP address for programs that know nothing of glassware."""

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="The port it insists on. Absent: any."),
    ] = None
    host: Annotated[
        str | None,
        Meta(
            description="`own`: a loopback address of its own, so that several "
            "services can have the same port. `0.0.0.0`: a `command` that insists on "
            "every address; it gets a network of its own, where it reaches the site "
            "and nothing else. Absent: `127.0.0.1`."
        ),
    ] = None
    names: Annotated[
        tuple[Host, ...],
        Meta(description="Host names that lead to it inside this site."),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """How this service calls one of its neighbours."""

    timeout: Annotated[
        float | None,
        Meta(gt=0, le=DAY, description="Seconds for all of a call. Absent: 10."),
    ] = None
    retries: Annotated[
        int | None,
        Meta(
            ge=0,
            le=10,
            description="How often a call that may be repeated is sent again. "
            "Absent: 2.",
        ),
    ] = None
    at_once: Annotated[
        int | None,
        Meta(
            ge=1,
            le=1024,
            description="Calls under way at once, from each worker. Absent: 32.",
        ),
    ] = None
    max_answer: Annotated[
        int | None,
        Meta(
            ge=0,
            le=LARGEST_BODY,
            description="Largest body of an answer, in bytes. Absent: 64 MiB.",
        ),
    ] = None
    breaker: Annotated[
        int | None,
        Meta(
            ge=0,
            le=1000,
            description="Failures in a row after which it is left alone for a while; "
            "0: never. Absent: 5.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A folder with an application, and what it needs.

    `name`, `folder`, `origin` (its manifest), `requirements` (its own
    `requirements.txt` or `pyproject.toml`) and `scripts` (folders of migrations
    by the name of the database that they are for) come from where it was found,
    and `urls` is a part of `databases`; every other field is a key of
    `service.toml`.
    """

    name: str
    folder: Path
    origin: Path | None = None
    requirements: Path | None = None
    scripts: Mapping[str, Path] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    app: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="The application or its factory: `module:name`, `module`, or a "
            "file such as `app.py`. Absent: found by convention.",
        ),
    ] = None
    command: Annotated[
        Command | None,
        Meta(
            description="A program that listens on `$HOST:$PORT`, in place of `app`; "
            "variables in it are filled in, and no shell takes part."
        ),
    ] = None
    routes: Annotated[
        tuple[Route, ...],
        Meta(
            description="Public addresses, a table `[[routes]]` each. None: internal."
        ),
    ] = ()
    calls: Annotated[
        tuple[str, ...], Meta(description="The neighbours that it may call.")
    ] = ()
    shares: Annotated[
        tuple[Name, ...],
        Meta(
            description="Keys of the site's session that it alone may write, and "
            "every service may read."
        ),
    ] = ()
    neighbours: Annotated[
        Mapping[Name, Neighbour],
        Meta(
            description="`[neighbours.NAME]`: how calls to that one are made, where "
            "the defaults do not fit."
        ),
    ] = field(default_factory=dict)
    databases: Annotated[
        Mapping[
            Name,
            Annotated[
                str,
                Meta(
                    extra={"table": Database}, extra_json_schema={"enum": list(ENGINES)}
                ),
            ],
        ],
        Meta(
            description='`NAME = "ENGINE"`, one line each; or `NAME = { engine = '
            '"ENGINE", url = "…" }`, a database that exists.'
        ),
    ] = field(default_factory=dict)
    environment: Annotated[
        Mapping[Variable, str],
        Meta(
            description="Variables. `{services.NAME.url}`, `{databases.NAME.url}` and "
            "`{secret.NAME}` are filled in."
        ),
    ] = field(default_factory=dict)
    address: Annotated[
        Address | None, Meta(description="A plain TCP address, where one is needed.")
    ] = None
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Worker processes. A group has the most that a member asks for.",
        ),
    ] = 1
    threads: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="Views that run at once in each worker; further requests wait, "
            "up to 64 in all.",
        ),
    ] = 4
    isolated: Annotated[
        bool, Meta(description="Start as a plain process, never forked.")
    ] = False
    server: Annotated[
        Server | None,
        Meta(description="`threaded` for WebSockets over WSGI. Absent: found out."),
    ] = None
    reload: Annotated[
        Reload,
        Meta(description="`replace`: the old stops before the new starts."),
    ] = "overlap"
    drain: Annotated[
        float,
        Meta(ge=0, le=DAY, description="Seconds that a stopping worker may take."),
    ] = 10.0
    fast: Annotated[
        bool, Meta(description="Let the worker make Flask faster; not in force yet.")
    ] = True
    owner: Annotated[str | None, Meta(description="Who looks after it.")] = None
    tasks: Annotated[
        Mapping[Name, Command],
        Meta(
            description="Commands by name, written like `command`. `migrate` runs "
            "before traffic, `seed` once for new data."
        ),
    ] = field(default_factory=dict)
    processes: Annotated[
        Mapping[Name, Command],
        Meta(description="Programs beside the service that are no HTTP service."),
    ] = field(default_factory=dict)
