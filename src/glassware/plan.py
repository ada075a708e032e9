"""What is to be done, decided from what was described.

`make_plan` is pure: the same site gives the same plan, for `up` and for every
exporter. What is only known late (a port, a password, a socket) stays a
`Reference` (see `template.py`) until `fill` puts the value in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from glassware.environment import Policy
from glassware.model import EVERYWHERE, Mount, Neighbour, Route, Service, Site
from glassware.template import Template, parse, references


Launch = Literal["fork", "isolated", "command", "companion"]

SHARED_ENGINES = frozenset({"postgresql"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """One database server: the site's own, or one that already exists.

    Attributes:
        key: Its name within the site, such as `postgresql` or `redis.cart.main`.
        engine: Its engine.
        url: An existing server in place of an embedded one; may be `env:NAME`.
    """

    key: str
    engine: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePlan:
    """One declaration of one service: a database and a role of its own."""

    service: str
    name: str
    engine: str
    server: str
    database: str
    role: str


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
        group: The services that share its process, itself among them, in the
            order of the manifest; empty: it has a process of its own.
        policies: How it calls neighbours, by name, where the manifest says it.
        address: Whether it needs a plain TCP address, because its manifest
            asks for one or because a variable of some service names it.
        network: Whether it is a program that insists on every address, and
            has a network of its own for that.
        after: Services whose migrations end before this one takes traffic.
        watch: Folders whose files reload it.
    """

    service: Service
    process: str | None = None
    launch: Launch
    interpreter: Path | None = None
    environment: Mapping[str, Template] = field(default_factory=dict)
    group: tuple[str, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    address: bool = False
    network: bool = False
    after: tuple[str, ...] = ()
    watch: tuple[Path, ...] = ()

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
class PublicRoute:
    """One line of the gateway's table; whatever has no line is a 404."""

    service: str
    route: Route
    mount: Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPlan:
    """The public side: where it listens and what it leads to.

    `routes` are in the order in which they match: a host before any host, a
    longer prefix before a shorter one.
    """

    port: int | None
    bind: str
    hosts: tuple[str, ...]
    routes: tuple[PublicRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that runs, and how.

    Attributes:
        site: Its name.
        folder: Its folder.
        known: Every service of the site, also those that this plan leaves out.
        servers: The database servers, each once.
        databases: What the services declare.
        services: The services and the programs beside them.
        gateway: The public side.
        production: Whether it runs for visitors rather than for its authors.
    """

    site: str
    folder: Path
    known: tuple[str, ...]
    servers: tuple[ServerPlan, ...]
    databases: tuple[DatabasePlan, ...]
    services: tuple[ServicePlan, ...]
    gateway: GatewayPlan
    production: bool = False

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

    def databases_of(self, name: str) -> tuple[DatabasePlan, ...]:
        """Return the databases that a service declares."""
        return tuple(d for d in self.databases if d.service == name)


def mount_of(route: Route, service: Service) -> Mount:
    """Return how `service` sees the prefix of `route`."""
    if route.mount is not None:
        return route.mount
    return "strip" if service.command else "script_name"


def make_plan(
    site: Site,
    *,
    only: frozenset[str] | None = None,
    production: bool = False,
    forks: bool = True,
    networks: bool = True,
    wire: bool = False,
) -> Plan:
    """Decide how a site runs.

    Args:
        site: As it was described, without faults.
        only: Plan for these services; `None`: for all.
        production: Whether this is for visitors rather than for its authors.
        forks: Whether the system can fork workers from a zygote; where it
            cannot, each is a plain process.
        networks: Whether the kernel can give a program a network of its own.
        wire: Whether each service gets a process of its own in spite of groups.
    """
    services = tuple(s for s in site.services if only is None or s.name in only)
    templates = {s.name: _templates(s) for s in services}
    named = _named(templates)
    called = {callee for s in services for callee in s.calls}
    databases = tuple(_databases(site, services))
    return Plan(
        site=site.name,
        folder=site.folder,
        known=tuple(s.name for s in site.services),
        servers=tuple(_servers(site, databases)),
        databases=databases,
        services=tuple(
            ServicePlan(
                service=service,
                process=process,
                launch="companion" if process else _launch(service, forks=forks),
                interpreter=_interpreter(site, service),
                environment=templates[service.name],
                group=() if process or wire else _group(site, service, services),
                policies={n: _policy(said) for n, said in service.neighbours.items()},
                address=process is None
                and (
                    service.address is not None
                    or service.name in named
                    or (service.command is not None and service.name in called)
                ),
                network=networks and process is None and _insists(service),
                after=_after(services, service, process),
                watch=(service.folder,),
            )
            for service in services
            for process in (None, *service.processes)
        ),
        gateway=GatewayPlan(
            port=site.gateway.port,
            bind=site.gateway.bind,
            hosts=site.gateway.hosts,
            routes=tuple(sorted(_public(services), key=_specific)),
        ),
        production=production,
    )


def addressed(plan: Plan) -> frozenset[str]:
    """Return the services whose plain address some variable names."""
    return _named({service.name: service.environment for service in plan.services})


def _named(templates: Mapping[str, Mapping[str, Template]]) -> frozenset[str]:
    return frozenset(
        reference.name
        for variables in templates.values()
        for template in variables.values()
        for reference in references(template)
        if reference.kind == "services"
    )


def _after(
    services: tuple[Service, ...], service: Service, process: str | None
) -> tuple[str, ...]:
    return tuple(
        s.name
        for s in services
        if "migrate" in s.tasks
        and (s.name in service.calls or (s is service and process is not None))
    )


def _templates(service: Service) -> dict[str, Template]:
    return {name: parse(text) for name, text in service.environment.items()}


def _group(
    site: Site, service: Service, services: tuple[Service, ...]
) -> tuple[str, ...]:
    running = {s.name for s in services}
    for names in site.groups.values():
        if service.name in names:
            return tuple(name for name in names if name in running)
    return ()


def _policy(said: Neighbour) -> Policy:
    given = {f.name: getattr(said, f.name) for f in fields(Neighbour)}
    return Policy(**{key: value for key, value in given.items() if value is not None})


def _launch(service: Service, *, forks: bool) -> Launch:
    if service.command is not None:
        return "command"
    return "fork" if forks and not service.isolated else "isolated"


def _insists(service: Service) -> bool:
    """Tell whether it is a program that listens on every address."""
    return (
        service.command is not None
        and service.address is not None
        and service.address.host == EVERYWHERE
    )


def _interpreter(site: Site, service: Service) -> Path | None:
    if service.requirements is None or service.command is not None:
        return None
    return site.folder / ".glassware" / "envs" / service.name / "bin" / "python"


def _databases(site: Site, services: tuple[Service, ...]) -> Iterator[DatabasePlan]:
    for service in services:
        for name, engine in service.databases.items():
            own = f"{engine}.{service.name}.{name}"
            shared = engine in SHARED_ENGINES or engine in site.engines
            # No name has two underscores in a row, so no two accounts are alike.
            account = f"{site.name}__{service.name}__{name}".replace("-", "_")
            yield DatabasePlan(
                service=service.name,
                name=name,
                engine=engine,
                server=engine if shared else own,
                database=account,
                role=account,
            )


def _servers(site: Site, databases: tuple[DatabasePlan, ...]) -> Iterator[ServerPlan]:
    for key in dict.fromkeys(database.server for database in databases):
        engine = key.partition(".")[0]
        source = site.engines.get(engine)
        yield ServerPlan(key=key, engine=engine, url=source.url if source else None)


def _public(services: tuple[Service, ...]) -> Iterator[PublicRoute]:
    for service in services:
        for route in service.routes:
            yield PublicRoute(
                service=service.name, route=route, mount=mount_of(route, service)
            )


def _specific(public: PublicRoute) -> tuple[bool, int, str]:
    path = public.route.path.rstrip("/")
    return (public.route.host is None, -len(path), path)
