"""What is to be done, decided from what was described.

`make_plan` is pure: the same site gives the same plan, for `up` and for every
exporter. What is only known late (a port, a password, a socket) stays a
`Reference` (see `template.py`) until `fill` puts the value in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

from glassware.environment import Policy
from glassware.model import (
    EVERYWHERE,
    LAYOUT,
    Cors,
    Engine,
    Gateway,
    Neighbour,
    Service,
    Site,
)
from glassware.template import Template, parse, references

from .plan import (
    DatabasePlan,
    GatewayPlan,
    Launch,
    Plan,
    PublicRoute,
    ServerPlan,
    ServicePlan,
    mount_of,
)


SHARED_ENGINES = frozenset({"cassandra", "mongodb", "postgresql"})


def make_plan(
    site: Site,
    *,
    only: frozenset[str] | None = None,
    production: bool = False,
    forks: bool = True,
    networks: bool = True,
    wire: bool = False,
    alone: str | None = None,
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
        alone: The service that gets one, whatever group it is in.
    """
    layout = site.service(LAYOUT)
    services = tuple(
        _with_calls_of(layout, s)
        for s in site.services
        if only is None or s.name in only or s is layout
    )
    templates = {s.name: _templates(s) for s in services}
    called = {callee for s in services for callee in s.calls}
    databases = tuple(_databases(site, services))
    groups = {} if wire else _groups(site, alone)
    return Plan(
        site=site.name,
        folder=site.folder,
        known=tuple(s.name for s in site.services),
        servers=tuple(_servers(site, databases)),
        databases=databases,
        pairs=tuple(_pairs(services, templates)),
        services=tuple(
            ServicePlan(
                service=service,
                process=process,
                launch="companion" if process else _launch(service, forks=forks),
                interpreter=_interpreter(site, service),
                environment=templates[service.name],
                group="" if process else groups.get(service.name, ""),
                policies={n: _policy(said) for n, said in service.neighbours.items()},
                address=process is None
                and (
                    service.address is not None
                    or service.name in _named(templates[service.name])
                    or (service.command is not None and service.name in called)
                ),
                network=networks and process is None and _insists(service),
                after=_after(services, service, process),
                watch=(service.folder,),
                layout=layout.folder if layout else None,
            )
            for service in services
            for process in (None, *service.processes)
        ),
        gateway=_gateway(site.gateway, services, production=production),
        visitors=site.visitors,
        production=production,
    )


def _with_calls_of(layout: Service | None, service: Service) -> Service:
    """Return an application with the calls that the site's templates make in it."""
    if layout is None or service is layout or service.app is None:
        return service
    more = (n for n in layout.calls if n not in {service.name, *service.calls})
    return replace(service, calls=(*service.calls, *more))


def _named(variables: Mapping[str, Template]) -> frozenset[str]:
    return frozenset(
        reference.name
        for template in variables.values()
        for reference in references(template)
        if reference.kind == "services"
    )


def _pairs(
    services: tuple[Service, ...], templates: Mapping[str, Mapping[str, Template]]
) -> Iterator[tuple[str, str]]:
    declared = {s.name for s in services if s.address is not None}
    for service in services:
        for callee in sorted(_named(templates[service.name]) - declared):
            if callee != service.name:
                yield service.name, callee


def _after(
    services: tuple[Service, ...], service: Service, process: str | None
) -> tuple[str, ...]:
    return tuple(
        s.name
        for s in services
        if service.name != LAYOUT
        and ("migrate" in s.tasks or s.scripts)
        and (s.name in service.calls or (s is service and process is not None))
    )


def _templates(service: Service) -> dict[str, Template]:
    return {name: parse(text) for name, text in service.environment.items()}


def _groups(site: Site, alone: str | None) -> dict[str, str]:
    """Return the group of each service that is in one."""
    return {
        name: group
        for group, names in site.groups.items()
        for name in names
        if name != alone
    }


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
            said = site.engines.get(engine)
            existing = said is not None and said.url is not None
            url = service.urls.get(name)
            shared = url is None and (engine in SHARED_ENGINES or existing)
            # No name has two underscores in a row, so no two accounts are alike.
            account = f"{site.name}__{service.name}__{name}".replace("-", "_")
            yield DatabasePlan(
                service=service.name,
                name=name,
                engine=engine,
                server=engine if shared else own,
                database=account,
                role=account,
                url=url,
                scripts=service.scripts.get(name),
            )


def _servers(site: Site, databases: tuple[DatabasePlan, ...]) -> Iterator[ServerPlan]:
    given = {d.server: d.url for d in databases if d.url is not None}
    for key in dict.fromkeys(database.server for database in databases):
        engine = key.partition(".")[0]
        if key in given:
            yield ServerPlan(key=key, engine=engine, url=given[key], as_it_is=True)
            continue
        said = site.engines.get(engine, Engine())
        yield ServerPlan(
            key=key,
            engine=engine,
            url=said.url,
            source=said.source,
            program=site.folder / said.program if said.program else None,
            image=said.image,
        )


def _gateway(
    said: Gateway, services: tuple[Service, ...], *, production: bool
) -> GatewayPlan:
    declared = tuple(_public(said, services, production=production))
    names = filter(None, (said.domain, *said.hosts))
    return GatewayPlan(
        port=said.port,
        bind=said.bind,
        hosts=tuple(dict.fromkeys(name.lower() for name in names)),
        routes=tuple(sorted(declared, key=_specific)),
        declared=declared,
        tls=said.tls,
        cors=said.cors or Cors(),
    )


def _public(
    gateway: Gateway, services: tuple[Service, ...], *, production: bool
) -> Iterator[PublicRoute]:
    for service in services:
        for route in service.routes:
            host, *aliases = (
                gateway.names(route.host, production=production)
                if route.host
                else (None,)
            )
            yield PublicRoute(
                service=service.name,
                route=replace(route, host=host),
                mount=mount_of(route, service),
                aliases=tuple(filter(None, aliases)),
            )


def _specific(public: PublicRoute) -> tuple[bool, int, str]:
    path = public.route.path.rstrip("/")
    return (public.route.host is None, -len(path), path)
