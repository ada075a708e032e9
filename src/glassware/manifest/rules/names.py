"""Rules about what services and databases are called."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Meta

from glassware.environment import spelled
from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.keys import shape_of
from glassware.manifest.places import KeyPath
from glassware.manifest.wording import complaint, nearest
from glassware.model import Name


def service_names(draft: Draft) -> Iterator[Fault]:
    """A service's name can be a part of a variable, a host name and a database."""
    shape = shape_of(Name)
    for name in draft.folders:
        if any(not _fits(meta, name) for meta in shape.metas):
            what, _ = complaint(shape, name)
            better = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "name"
            yield draft.fault(
                ("services", name),
                f"the service's name {what}",
                f"rename its folder, such as to `{better}`, or write "
                f'`[services.{better}]` with `path = "…"` in `site.toml`',
            )


def service_variables(draft: Draft) -> Iterator[Fault]:
    """No two services share the variable that holds a neighbour's address."""
    paths = {name: ("services", name) for name in draft.folders}
    yield from _same_spelling(draft, paths, "service")


def database_variables(draft: Draft) -> Iterator[Fault]:
    """No two databases of a service share a variable."""
    for service in draft.site.services:
        root = ("services", service.name, "databases")
        paths = {name: (*root, name) for name in service.databases}
        yield from _same_spelling(draft, paths, "database")


def known_callees(draft: Draft) -> Iterator[Fault]:
    """Whatever a service calls is a service of the site."""
    for service in draft.site.services:
        path = ("services", service.name, "calls")
        yield from unknown_services(draft, path, service.calls)


def unknown_services(
    draft: Draft, path: KeyPath, names: Iterable[str]
) -> Iterator[Fault]:
    """Yield the faults of a list of services: unknown, or named twice."""
    seen: set[str] = set()
    for place, name in draft.elements(path, names):
        if name not in draft.folders:
            yield draft.fault(place, *no_service(draft, name))
        elif name in seen:
            yield draft.fault(place, f"`{name}` is there twice", "remove one")
        seen.add(name)


def no_service(draft: Draft, name: str) -> tuple[str, str]:
    """Say that a name is no service of the site."""
    known = ", ".join(f"`{one}`" for one in sorted(draft.folders))
    return (
        f"`{name}` is no service of this site",
        nearest(name, draft.folders) or f"the services are {known}",
    )


def _same_spelling(
    draft: Draft, paths: Mapping[str, KeyPath], kind: str
) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for name, path in paths.items():
        other = first.setdefault(spelled(name), name)
        if other != name:
            yield draft.fault(
                path,
                f"`{name}` and `{other}` are one name in variables, "
                f"`{spelled(name).upper()}`",
                f"rename one {kind}",
            )


def _fits(meta: Meta, name: str) -> bool:
    long = meta.max_length is not None and len(name) > meta.max_length
    return not long and (
        not meta.pattern or re.fullmatch(meta.pattern, name) is not None
    )


RULES = (service_names, service_variables, database_variables, known_callees)
