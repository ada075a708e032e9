"""A site as it is described: inert, frozen, complete.

The classes here are the only place where a manifest's key is declared. Types,
limits, the JSON Schema and the reference page are all made from them: a
`Meta(description=…)` is the sentence that users read, and a field without one
is no key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta


ENGINES = (
    "postgresql",
    "redis",
    "mongodb",
    "cassandra",
    "dynamodb",
    "sqlite",
)
"""The engines that a service may choose from, in the order of the docs."""

SCRIPTS = {"cassandra": ".cql", "postgresql": ".sql", "sqlite": ".sql"}
"""The engines that take migrations as files, and how these end."""

LAYOUT = "layout"
"""The service that is the look of the site: its templates, its files, its errors."""

LAYOUT_APP = "glassware.website.look.layout_app"
"""What runs for a layout that has no application of its own."""

EVERYWHERE = "0.0.0.0"  # noqa: S104 (a name for it, nothing listens there)

MIB = 1024 * 1024

# What the gateway can count to (Envoy holds this limit in 32 bits).
_LARGEST_BODY = 2**32 - 1
_DAY = 86_400

_HOST = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_PATH = r"^(/|((?!/\.\.?(/|$))/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+)$"

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$",
        max_length=40,
        extra={"plain": "a name of lower-case letters, digits and single `-` or `_`"},
    ),
]
Variable = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        extra={"plain": "a variable's name of letters, digits and `_`"},
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=_HOST,
        max_length=253,
        extra={"plain": "a host name such as `shop.example`, without a port"},
    ),
]
RouteHost = Annotated[
    str,
    Meta(
        pattern=rf"^(\.|{_LABEL}(\.{_LABEL})*\.?)$",
        max_length=253,
        extra={
            "plain": "a host name such as `shop.example`, or one with a final dot such "
            "as `api.`, which is below the site's `domain`"
        },
    ),
]
Origin = Annotated[
    str,
    Meta(
        pattern=rf"^(\*|https?://((\*\.)?{_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])"
        r"(:[0-9]{1,5})?)$",
        max_length=300,
        extra={
            "plain": "an origin such as `https://app.example`, without a path, "
            "`https://*.app.example`, or `*`"
        },
    ),
]
Method = Annotated[
    str,
    Meta(pattern=r"^(\*|[A-Z]+)$", extra={"plain": "a method in capitals, or `*`"}),
]
Header = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[A-Za-z0-9!#$%&'+.^_|~-]+)$",
        extra={"plain": "the name of a header, or `*`"},
    ),
]
Command = Annotated[str, Meta(min_length=1)]
Mount = Literal["script_name", "keep", "strip"]
Server = Literal["granian", "threaded"]
Reload = Literal["overlap", "replace"]
Source = Literal["machine", "embedded", "container"]

RouteKey = Annotated[
    str,
    Meta(
        description="Short for one table of `[[routes]]` with this `path`.",
        extra_json_schema={"pattern": _PATH},
    ),
]
"""The key `route` of a service."""

PathKey = Annotated[
    str,
    Meta(
        min_length=1,
        description="Where the service's folder is, from the site's folder. Absent: "
        "`services/NAME`.",
    ),
]
"""The key `path` of `[services.NAME]` in `site.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A part of the site's address space that leads to a service."""

    path: Annotated[
        str,
        Meta(
            description="Public path prefix, matched by whole segments.",
            extra_json_schema={"pattern": _PATH},
        ),
    ] = "/"
    host: Annotated[
        RouteHost | None,
        Meta(
            description="Only for this host name. With a final dot it is below the "
            "site's `domain`: `api.`; `.` is the domain itself. Absent: every host."
        ),
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
        int, Meta(ge=0, le=_LARGEST_BODY, description="Largest request body, in bytes.")
    ] = 16 * MIB
    timeout: Annotated[
        float, Meta(gt=0, le=_DAY, description="Seconds until the gateway gives up.")
    ] = 10.0
    csrf: Annotated[
        bool,
        Meta(
            description="Refuse what pages of other sites send: unsafe methods and "
            "WebSockets with a foreign `Origin`. `false` for webhooks."
        ),
    ] = True
    cors: Annotated[
        bool,
        Meta(
            description="Let scripts of the site's other hosts use it, and those of "
            "`origins` in `[gateway.cors]`."
        ),
    ] = False
    gives_way: bool = False
    """Whether a service with a rule for this very path has it: no key."""


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
        Meta(gt=0, le=_DAY, description="Seconds for all of a call. Absent: 10."),
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
            le=_LARGEST_BODY,
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
class Database:
    """A database of a service, where there is more to say than its engine."""

    engine: Annotated[
        str,
        Meta(
            description="Its engine.",
            extra_json_schema={"enum": list(ENGINES)},
        ),
    ] = ""
    url: Annotated[
        str | None,
        Meta(
            description="A database that exists and is used as it is, with the "
            "credentials in this URL: a URL, or `env:NAME` to read one."
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
        Meta(ge=0, le=_DAY, description="Seconds that a stopping worker may take."),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Where TLS begins, and with which certificate."""

    certificate: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="File with the certificate and its chain (PEM), from the "
            "site's folder. Absent: one that glassware makes, for development.",
        ),
    ] = None
    key: Annotated[
        str | None,
        Meta(min_length=1, description="File with the certificate's key (PEM)."),
    ] = None
    redirect: Annotated[
        int | None,
        Meta(
            ge=1,
            le=65535,
            description="A second port, where http is led to https; the public port "
            "itself does so anyhow.",
        ),
    ] = None
    elsewhere: Annotated[
        bool,
        Meta(
            description="TLS ends at a proxy before the gateway, which speaks http: "
            "the site's addresses are https all the same."
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Whose scripts may use the routes with `cors = true`, and how."""

    origins: Annotated[
        tuple[Origin, ...],
        Meta(
            description="Other sites: `https://app.example`, `https://*.app.example`, "
            "or `*` for all. The site's own hosts need no mention."
        ),
    ] = ()
    methods: Annotated[
        tuple[Method, ...], Meta(description="The methods that they may use.")
    ] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    headers: Annotated[
        tuple[Header, ...], Meta(description="The headers that they may send.")
    ] = ("Authorization", "Content-Type", "Idempotency-Key")
    expose: Annotated[
        tuple[Header, ...],
        Meta(description="The headers of answers that they may read."),
    ] = ()
    credentials: Annotated[
        bool, Meta(description="Let them send cookies and read what comes of it.")
    ] = False
    max_age: Annotated[
        int,
        Meta(
            ge=0,
            le=_DAY,
            description="Seconds for which a browser need not ask again.",
        ),
    ] = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The site's public address."""

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="The public port. Absent: 8000 or the next."),
    ] = None
    bind: Annotated[str, Meta(description="The address that it listens on.")] = (
        "127.0.0.1"
    )
    hosts: Annotated[
        tuple[Host, ...],
        Meta(description="Public host names besides `domain` and `localhost`."),
    ] = ()
    domain: Annotated[
        Host | None,
        Meta(
            description="The site's own host name, such as `shop.example`. Routes with "
            '`host = "api."` are at `api.shop.example`, in development also at '
            "`api.localhost`."
        ),
    ] = None
    tls: Annotated[
        Tls | None, Meta(description="HTTPS. An empty table: for development.")
    ] = None
    cors: Annotated[
        Cors | None,
        Meta(description="Whose scripts may use the routes with `cors = true`."),
    ] = None

    def names(self, host: str, *, production: bool) -> tuple[str, ...]:
        """Return the host names that a route's `host` means, the principal one first.

        In development the site's domain is `localhost`, and the declared one too.
        """
        if not host.endswith("."):
            return (host.lower(),)
        domains = [self.domain or "localhost"]
        if not production:
            domains = ["localhost", *domains]
        label = host.removesuffix(".")
        named = (".".join(filter(None, (label, each))).lower() for each in domains)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """How visitors are known, by every service alike."""

    sign_in: Annotated[
        str | None,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_.-]*$",
            description="The page at which they sign in, as `SERVICE.ENDPOINT`. That "
            "service alone can sign them in. Absent: nobody signs in.",
            extra={"plain": "an endpoint of a service, such as `accounts.sign_in`"},
        ),
    ] = None
    renew_after: Annotated[
        float,
        Meta(ge=10, le=_DAY, description="Seconds that a visitor's token lives."),
    ] = 300.0
    remember: Annotated[
        float,
        Meta(
            ge=60,
            le=400 * _DAY,
            description="Seconds after which who has not come back is signed out.",
        ),
    ] = 14.0 * _DAY
    domain: Annotated[
        Host | None,
        Meta(
            description="Hosts below this name share the sign-in. Absent: each alone."
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where a database engine comes from."""

    url: Annotated[
        str | None,
        Meta(description="An existing server: a URL, or `env:NAME` to read one."),
    ] = None
    source: Annotated[
        Source | None,
        Meta(
            description="Where the server comes from otherwise. Absent: the first of "
            "these that is there."
        ),
    ] = None
    program: Annotated[
        str | None,
        Meta(description="The server's program on this machine. Absent: found out."),
    ] = None
    image: Annotated[
        str | None,
        Meta(description="What the container is made of. Absent: the engine's usual."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the manifests say.

    `folder` and `services` come from where they were found; every other field
    is a key of `site.toml`.
    """

    folder: Path
    services: tuple[Service, ...] = ()
    name: Annotated[Name, Meta(description="Absent: made from the folder's name.")] = ""
    gateway: Annotated[Gateway, Meta(description="The public address.")] = field(
        default_factory=Gateway
    )
    visitors: Annotated[
        Visitors, Meta(description="How visitors are known, by every service alike.")
    ] = field(default_factory=Visitors)
    groups: Annotated[
        Mapping[Name, tuple[str, ...]],
        Meta(description="Services that share one process, by the group's name."),
    ] = field(default_factory=dict)
    engines: Annotated[
        Mapping[str, Engine],
        Meta(description="`[engines.postgresql]`: where that engine comes from."),
    ] = field(default_factory=dict)

    def service(self, name: str) -> Service | None:
        """Return the service of that name, or `None`."""
        return next((s for s in self.services if s.name == name), None)
