"""The links and fragments of a site that lead nowhere, found without running it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.directory import Book, Directory, Entry
from glassware.errors import DeadLink
from glassware.gateway import hosts, lines_of
from glassware.graph import Named, Reference, references
from glassware.model import LAYOUT, Service
from glassware.plan import Plan

from .directory import places_of, published, rule_of
from .workers import endpoints_of


AT_REST = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Dead:
    """A place in a file from which nothing is reached.

    Attributes:
        service: Whose file it is.
        file: The file.
        line: Counted from 1.
        what: What is wrong.
        hint: The way out.
    """

    service: str
    file: Path
    line: int
    what: str
    hint: str | None


def directory_at_rest(plan: Plan, said: Mapping[str, Mapping[str, Any]]) -> Directory:
    """Return the directory of a site that does not run.

    Args:
        plan: Of all its services.
        said: What their applications reported, by name; see `inspection`.
    """
    return Directory(
        url=AT_REST,
        hosts=hosts(plan.gateway, production=plan.production),
        services={name: _entry(plan, name, said.get(name, {})) for name in plan.known},
    )


def dead_links(
    services: Iterable[Service], directory: Directory, unknown: frozenset[str]
) -> Iterator[Dead]:
    """Return the links and fragments that lead nowhere, as far as files tell.

    Args:
        services: Whose files are read.
        directory: Where everything is.
        unknown: The services of which nobody knows what they answer to.
    """
    book = Book(directory)
    for service in services:
        for found in references(service):
            if (trouble := _trouble(book, found, unknown)) is not None:
                line = found.named.line
                what, hint = trouble.message, trouble.hint
                yield Dead(service.name, found.file, line, what, hint)


def _trouble(book: Book, found: Reference, unknown: frozenset[str]) -> DeadLink | None:
    named = found.named
    name = named.name
    service, dot, _ = name.partition(".")
    if not service or not dot or {service, found.service} & unknown:
        return None
    own = book.directory.services.get(found.service, Entry())
    if any(rule.endpoint == name for rule in own.rules):
        return None
    if book.entry(service) is None and not _means_a_service(found, own):
        return None
    try:
        _check(book, named, same=service == found.service)
    except DeadLink as dead:
        return dead
    return None


def _check(book: Book, named: Named, *, same: bool) -> None:
    """Raise what is wrong; what need not be public is looked for alone."""
    if same or named.kind == "fragment":
        book.check_inside(named.name, named.given if named.kind == "link" else None)
    else:
        book.check(named.name, named.given)


def _means_a_service(found: Reference, own: Entry) -> bool:
    """Tell whether a name with a dot can be of nobody but a service."""
    # The layout's templates are filled in by others, whose names count there.
    return bool(own.rules) and found.service != LAYOUT and found.named.kind == "link"


def _entry(plan: Plan, name: str, said: Mapping[str, Any]) -> Entry:
    lines = lines_of(plan.gateway, name)
    rules = published(map(rule_of, endpoints_of(said)), lines)
    known = said.get("event") == "ready" or plan.service(name).launch == "command"
    return Entry(places=places_of(lines), rules=rules, known=known)
