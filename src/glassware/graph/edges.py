"""Questions about who calls whom."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from glassware.model import LAYOUT, Site


@dataclass(frozen=True, slots=True)
class Edge:
    """One service that uses another.

    Attributes:
        caller: Its name.
        callee: The other's.
    """

    caller: str
    callee: str


def edges(site: Site) -> tuple[Edge, ...]:
    """Return every edge once, in the order of the services."""
    names = {service.name for service in site.services}
    return tuple(
        Edge(service.name, callee)
        for service in site.services
        for callee in dict.fromkeys(service.calls)
        if callee in names
    )


def needed_by(site: Site, names: Iterable[str]) -> tuple[str, ...]:
    """Return these services and all that they need, in the order to start them.

    Whoever has pages needs the look of the site, and what its templates call.
    """
    wanted = {*names}
    if wanted and site.service(LAYOUT) is not None:
        wanted.add(LAYOUT)
    needed = _reached(wanted, callees(site))
    return tuple(name for name in start_order(site) if name in needed)


def callers_of(site: Site, name: str) -> tuple[str, ...]:
    """Return all that call a service, directly or not, in the order to start them."""
    callers: dict[str, list[str]] = {}
    for edge in edges(site):
        callers.setdefault(edge.callee, []).append(edge.caller)
    found = _reached(callers.get(name, ()), callers) - {name}
    return tuple(one for one in start_order(site) if one in found)


def start_order(site: Site) -> tuple[str, ...]:
    """Return the services, each after those that it needs; a cycle has no order."""
    below = callees(site)
    order: dict[str, None] = {}
    seen: set[str] = set()
    for first in below:
        waiting: list[tuple[str, Iterator[str]]] = []
        if first not in seen:
            seen.add(first)
            waiting.append((first, iter(below[first])))
        while waiting:
            name, rest = waiting[-1]
            following = next((other for other in rest if other not in seen), None)
            if following is None:
                order[name] = None
                waiting.pop()
            else:
                seen.add(following)
                waiting.append((following, iter(below[following])))
    return tuple(order)


def cycles(site: Site) -> tuple[tuple[str, ...], ...]:
    """Return the sets of services that call one another in a circle."""
    below = callees(site)
    reached = {name: _reached(below[name], below) for name in below}
    found: dict[tuple[str, ...], None] = {}
    for name in below:
        if name in reached[name]:
            circle = (other for other in below if name in reached[other])
            found[tuple(other for other in circle if other in reached[name])] = None
    return tuple(found)


def callees(site: Site) -> dict[str, tuple[str, ...]]:
    """Return the services that each service uses."""
    below: dict[str, list[str]] = {service.name: [] for service in site.services}
    for edge in edges(site):
        below[edge.caller].append(edge.callee)
    return {name: tuple(others) for name, others in below.items()}


def _reached(
    names: Iterable[str], below: Mapping[str, Iterable[str]]
) -> frozenset[str]:
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += below.get(name, ())
    return frozenset(found)
