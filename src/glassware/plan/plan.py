"""Everything that runs, and how: inert and complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from glassware.environment import Policy
from glassware.model import Cors, Mount, Route, Service, Source, Tls, Visitors
from glassware.template import Template


Launch = Literal["fork", "isolated", "command", "companion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """One database server: the site's own, or one that already exists.

    Attributes:
        key: Its name within the site, such as `postgresql` or `redis.cart.main`.
        engine: Its engine.
        url: An existing server in place of one of the site's own; may be
            `env:NAME`.
        source: Where its programs have to come from: `machine`, `embedded` or
            `container`; `None`: wherever there are some, in that order.
        program: The program on the machine.
        image: What the container is made of.
        as_it_is: Whether the URL is that of one database, which is used as it
            is: nothing is made there, and nothing removed.
    """

    key: str
    engine: str
    url: str | None = None
    as_it_is: bool = False
    source: Source | None = None
    program: Path | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePlan:
    """One declaration of one service: a database and a role of its own.

    Attributes:
        url: Of a database that exists and is used as it is; may be `env:NAME`.
        scripts: The folder of its migrations, where they are files.
    """

    service: str
    name: str
    engine: str
    server: str
    database: str
    role: str
    url: str | None = None
    scripts: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """How one service runs, or one of the programs beside it.

    Attributes:
        service: As it was described.
        process: The program beside the service that this is about, by its
            name in `[processes]`; `None`: the service itself.
        launch: Forked from a zygote, a plain Python process, any program that
            takes requests, or a companion: a program that takes none.
        interpreter: Its own Python; `None`: the one that runs glassware.
        environment: Its variables, with references.
        group: The group whose process it shares; empty: it has its own.
        policies: How it calls neighbours, by name, where the manifest says it.
        address: Whether it needs a plain TCP address, because its manifest
            asks for one, because it is a program that others call, or because
            it names its own.
        network: Whether it is a program that insists on every address, and
            has a network of its own for that.
        after: Services whose migrations end before this one takes traffic.
        watch: Folders whose files reload it.
        layout: The folder of the site's look; `None`: it has none.
    """

    service: Service
    process: str | None = None
    launch: Launch
    interpreter: Path | None = None
    environment: Mapping[str, Template] = field(default_factory=dict)
    group: str = ""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    address: bool = False
    network: bool = False
    after: tuple[str, ...] = ()
    watch: tuple[Path, ...] = ()
    layout: Path | None = None

    @property
    def name(self) -> str:
        """The service's name, and its own where it is a program beside it."""
        return ".".join(filter(None, (self.service.name, self.process)))

    @property
    def command(self) -> str:
        """The program; empty for an application."""
        if self.process is not None:
            return self.service.processes[self.process]
        return self.service.command or ""

    @property
    def listens_itself(self) -> bool:
        """Whether it is a program that insists on a port of this machine."""
        wanted = self.service.address
        return (
            self.launch == "command"
            and not self.network
            and wanted is not None
            and wanted.port is not None
        )

    @property
    def replaces(self) -> bool:
        """Whether the old must end before the new starts."""
        return (
            self.service.reload == "replace"
            or self.listens_itself
            or self.launch == "companion"
        )

    @property
    def mounts(self) -> tuple[str, ...]:
        """The prefixes that this service sees as `SCRIPT_NAME`."""
        return tuple(
            route.path.rstrip("/")
            for route in self.service.routes
            if mount_of(route, self.service) == "script_name"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What starts and ends together: one service or program, or a group.

    Attributes:
        name: The group's, or that of the only member.
        group: Whether the members share their processes as a group does.
        members: In the order of the services.
    """

    name: str
    group: bool = False
    members: tuple[ServicePlan, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(member.name for member in self.members)

    @property
    def launch(self) -> Launch:
        """How its processes are started."""
        return self.members[0].launch

    @property
    def interpreter(self) -> Path | None:
        """The members' own Python; `None`: the one that runs glassware."""
        return self.members[0].interpreter

    @property
    def workers(self) -> int:
        """The number of its processes: the largest that a member asks for."""
        return max(member.service.workers for member in self.members)

    @property
    def drain(self) -> float:
        """Seconds that a stopping process may take: the most that a member may."""
        return max(member.service.drain for member in self.members)

    @property
    def replaces(self) -> bool:
        """Whether the old must end before the new starts."""
        return any(member.replaces for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRoute:
    """One line of the gateway's table; whatever has no line is a 404.

    Attributes:
        route: Its `host` is a whole host name.
        aliases: Further names of its host.
    """

    service: str
    route: Route
    mount: Mount
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPlan:
    """The public side: where it listens and what it leads to.

    Attributes:
        hosts: The site's declared names, its `domain` first.
        routes: In the order in which they match: a host before any host, a longer
            prefix before a shorter one.
        declared: The same in the order of the manifests: a service's first one
            is its principal one.
        tls: Where TLS begins; `None`: nowhere.
        cors: Whose scripts may use the routes with `cors = true`.
    """

    port: int | None
    bind: str
    hosts: tuple[str, ...]
    routes: tuple[PublicRoute, ...]
    declared: tuple[PublicRoute, ...] = ()
    tls: Tls | None = None
    cors: Cors = field(default_factory=Cors)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that runs, and how.

    Attributes:
        site: Its name.
        folder: Its folder.
        known: Every service of the site, also those that this plan leaves out.
        servers: The database servers, each once.
        databases: What the services declare.
        pairs: The callers and callees that need an address of theirs alone:
            a variable of the one names the other, which declares none.
        services: The services and the programs beside them.
        gateway: The public side.
        visitors: How visitors are known.
        production: Whether it runs for visitors rather than for its authors.
    """

    site: str
    folder: Path
    known: tuple[str, ...]
    servers: tuple[ServerPlan, ...]
    databases: tuple[DatabasePlan, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    services: tuple[ServicePlan, ...]
    gateway: GatewayPlan
    visitors: Visitors = field(default_factory=Visitors)
    production: bool = False

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """What starts and ends together, in the order of the first members."""
        units: dict[tuple[str, bool], list[ServicePlan]] = {}
        for service in self.services:
            key = (service.group or service.name, bool(service.group))
            units.setdefault(key, []).append(service)
        return tuple(
            Unit(name=name, group=group, members=tuple(members))
            for (name, group), members in units.items()
        )

    def service(self, name: str) -> ServicePlan:
        """Return the plan of the service of that name.

        Raises:
            KeyError: There is none.
        """
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    def callers_of(self, name: str) -> tuple[str, ...]:
        """Return the services whose manifest lets them call a service."""
        return tuple(
            s.name
            for s in self.services
            if s.process is None and name in s.service.calls
        )

    def cookie_path(self, name: str) -> str:
        """Return the path of a service's own cookies; empty: as it is by default.

        It is the whole site for one that others may call, whose pages then need
        its cookies too, and for one that is in several places.
        """
        routes = self.service(name).service.routes
        paths = {route.path.rstrip("/") for route in routes}
        if self.callers_of(name) or len(paths) > 1:
            return "/"
        return paths.pop() if paths else ""

    def databases_of(self, name: str) -> tuple[DatabasePlan, ...]:
        """Return the databases that a service declares."""
        return tuple(d for d in self.databases if d.service == name)


def mount_of(route: Route, service: Service) -> Mount:
    """Return how `service` sees the prefix of `route`."""
    if route.mount is not None:
        return route.mount
    return "strip" if service.command else "script_name"
