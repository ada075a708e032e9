"""The graph as text: for the terminal, and for Mermaid."""

from collections.abc import Iterator

from glassware.model import Service, Site

from .edges import cycles, edges


def as_text(site: Site) -> str:
    """Return one line for each service, then the cycles."""
    uses: dict[str, list[str]] = {}
    for edge in edges(site):
        uses.setdefault(edge.caller, []).append(edge.callee)
    table = [["SERVICE", "GROUP", "PUBLIC", "DATABASES", "CALLS"]]
    table += [
        [
            service.name,
            group_of(site, service) or "-",
            ", ".join(addresses(service)) or "internal",
            ", ".join(databases(service)) or "-",
            ", ".join(uses.get(service.name, ())) or "-",
        ]
        for service in site.services
    ]
    if not site.groups:
        table = [[row[0], *row[2:]] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    lines += [f"cycle: {' → '.join((*circle, circle[0]))}" for circle in cycles(site)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_mermaid(site: Site) -> str:
    """Return a Mermaid flow chart; a frame is a group, which shares a process."""
    return "".join(f"{line}\n" for line in _mermaid(site))


def group_of(site: Site, service: Service) -> str:
    """Return the group of a service; empty: it has a process of its own."""
    found = (group for group, names in site.groups.items() if service.name in names)
    return next(found, "")


def addresses(service: Service) -> tuple[str, ...]:
    """Return the public addresses of a service, such as `/cart`."""
    return tuple(f"{route.host or ''}{route.path}" for route in service.routes)


def databases(service: Service) -> tuple[str, ...]:
    """Return the databases of a service, such as `main: postgresql`."""
    return tuple(f"{name}: {engine}" for name, engine in service.databases.items())


def _mermaid(site: Site) -> Iterator[str]:
    yield "flowchart LR"
    identifiers = {s.name: f"s{number}" for number, s in enumerate(site.services)}
    if any(service.routes for service in site.services):
        yield "  visitor((visitor))"
    for service in site.services:
        identifier = identifiers[service.name]
        yield f"  {identifier}[{_quoted(service.name)}]"
        for address in addresses(service):
            yield f"  visitor -->|{_quoted(address)}| {identifier}"
        for number, database in enumerate(databases(service)):
            yield f"  {identifier} --- {identifier}d{number}[({_quoted(database)})]"
    for number, (group, names) in enumerate(site.groups.items()):
        yield f"  subgraph g{number}[{_quoted(group)}]"
        yield from (f"    {identifiers[name]}" for name in names)
        yield "  end"
    for edge in edges(site):
        yield f"  {identifiers[edge.caller]} --> {identifiers[edge.callee]}"


def _quoted(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'
