"""The graph as text: for the terminal, and for Mermaid."""

from collections.abc import Iterator

from glassware.model import Service, Site

from .edges import cycles, edges


def as_text(site: Site) -> str:
    """Return one line for each service, then the cycles."""
    uses: dict[str, list[str]] = {}
    for edge in edges(site):
        mark = "" if edge.kind == "call" else " (address)"
        uses.setdefault(edge.caller, []).append(edge.callee + mark)
    rows = [
        (
            service.name,
            ", ".join(addresses(service)) or "internal",
            ", ".join(databases(service)) or "-",
            ", ".join(uses.get(service.name, ())) or "-",
        )
        for service in site.services
    ]
    table = [("SERVICE", "PUBLIC", "DATABASES", "CALLS"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    lines += [f"cycle: {' → '.join((*circle, circle[0]))}" for circle in cycles(site)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_mermaid(site: Site) -> str:
    """Return a Mermaid flow chart; solid lines are calls, dotted ones addresses."""
    return "".join(f"{line}\n" for line in _mermaid(site))


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
    for edge in edges(site):
        arrow = "-->" if edge.kind == "call" else "-.->"
        yield f"  {identifiers[edge.caller]} {arrow} {identifiers[edge.callee]}"


def _quoted(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'
