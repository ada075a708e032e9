"""The directory of the running site, written for the services; see `directory`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from glassware.directory import (
    FILE,
    Directory,
    Entry,
    Place,
    Rule,
    directory_at,
    write_directory,
)
from glassware.files import write_whole
from glassware.gateway import Line, hosts, is_public, lines_of
from glassware.plan import Plan
from glassware.status import Endpoint

from .events import Bulletin, Complaints
from .keys import cookie_key
from .services import RunningService
from .state import State


class Surroundings(Protocol):
    """What it needs of the supervisor."""

    plan: Plan
    state: State
    bulletin: Bulletin
    services: dict[str, RunningService]

    @property
    def url(self) -> str:
        """The site's public address."""


class Listing:
    """Keeps the file up to date.

    Args:
        around: The supervisor.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._path = around.state.folder / FILE
        self._complaints = Complaints(around.bulletin, "")
        self._last = directory_at(self._path)
        self._written: Directory | None = None
        self._fragments: tuple[str, ...] = ()

    def write(self) -> None:
        """Write what holds now, if it is not what was written last."""
        try:
            directory = self._directory()
            if directory == self._written:
                return
            write_whole(self._path, write_directory(directory))
        except OSError as error:
            self._complaints.add(f"links to neighbours cannot be kept: {error}")
            return
        self._complaints.settle()
        self._written = self._last = directory

    def hear_fragments(self, names: tuple[str, ...]) -> None:
        """Take in which routes are pieces of pages, as `SERVICE.ENDPOINT`."""
        self._fragments = names
        self.write()

    def _directory(self) -> Directory:
        plan = self._around.plan
        own = hosts(plan.gateway, production=plan.production)
        named = filter(None, (public.route.host for public in plan.gateway.routes))
        return Directory(
            url=self._around.url,
            hosts=tuple(dict.fromkeys((*own, *named))),
            services={name: self._entry(name) for name in plan.known},
            fragments=self._fragments,
        )

    def _entry(self, name: str) -> Entry:
        lines = lines_of(self._around.plan.gateway, name)
        service = self._around.services.get(name)
        # It may not have been ready in this run; what it said in the last one holds.
        last = self._last.services.get(name, Entry())
        entry = replace(
            last,
            places=places_of(lines),
            rules=published(last.rules, lines),
            key=cookie_key(self._around.state.credential(f"cookie key {name}")).public,
        )
        if service is None:
            return entry
        entry = replace(entry, shares=service.plan.service.shares)
        if service.interface is None:
            return entry
        rules = published(map(rule_of, service.endpoints), lines)
        return replace(entry, rules=rules, known=True)


def places_of(lines: Iterable[Line]) -> tuple[Place, ...]:
    """Return where a service is public."""
    return tuple(map(_place, lines))


def rule_of(endpoint: Endpoint) -> Rule:
    """Return a rule that a service reported, as the directory has it."""
    return Rule(
        endpoint=endpoint.name,
        rule=endpoint.rule,
        methods=endpoint.methods,
        defaults=endpoint.defaults,
        host=endpoint.host,
        websocket=endpoint.websocket,
    )


def published(rules: Iterable[Rule], lines: Sequence[Line]) -> tuple[Rule, ...]:
    """Return the rules of a service with the places where each is public."""
    return tuple(
        replace(
            rule,
            places=tuple(
                n for n, line in enumerate(lines) if is_public(line, rule.rule)
            ),
        )
        for rule in rules
    )


def _place(line: Line) -> Place:
    kept = bool(line.prefix) and not line.forwarded_prefix
    return Place(
        prefix=line.prefix, host=line.host or "", keeps=kept, aliases=line.aliases
    )
