"""Modules of one name in services that are to share a process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from glassware.environment import spelled
from glassware.model import Service

from .sources import entry_file, imports, roots_of


@dataclass(frozen=True, slots=True)
class Collision:
    """Two modules that one process cannot both have.

    Attributes:
        name: What both are imported as.
        first: The service that has one of them.
        second: The service that has the other.
        files: Where they are, in this order.
    """

    name: str
    first: str
    second: str
    files: tuple[Path, Path]


def collisions(services: Sequence[Service]) -> Iterator[Collision]:
    """Return the top-level modules that mean different files in two services.

    What neither of the two imports is no module of the process.
    """
    own = {service.name: _modules(service) for service in services}
    for one, other in combinations(services, 2):
        for name in sorted(own[one.name].keys() & own[other.name].keys()):
            files = own[one.name][name], own[other.name][name]
            if files[0] != files[1] and _is_used(name, (one, other), files):
                yield Collision(name, one.name, other.name, files)


def _is_used(
    name: str, services: tuple[Service, Service], files: tuple[Path, Path]
) -> bool:
    return any(
        name in imports(service) or name == _loaded_as(service)
        for service, file in zip(services, files, strict=True)
        # What makes an application is loaded under its service's name.
        if file != entry_file(service) or name == _loaded_as(service)
    )


def _modules(service: Service) -> dict[str, Path]:
    """Return the top-level modules of a service, with their files."""
    found: dict[str, Path] = {}
    for root in roots_of(service):
        for entry in root.iterdir():
            package = entry / "__init__.py"
            if entry.suffix == ".py":
                found.setdefault(entry.stem, entry)
            elif package.is_file():
                found.setdefault(entry.name, package)
    if (file := entry_file(service)) is not None:
        found[_loaded_as(service)] = file
    return found


def _loaded_as(service: Service) -> str:
    """Return the name that the module of an application gets."""
    place = (service.app or "").partition(":")[0]
    if place.endswith(".py"):
        return spelled(service.name)
    return place.partition(".")[0]
