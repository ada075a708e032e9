"""Where every service of a site is public, and what it answers to: what links need.

The supervisor writes it into one file of the state folder whenever a service
becomes ready, and the website wing reads it: both directions are here. What
a service reported last time is kept, so that links to one that does not run
lead where it will be.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from glassware.latest import Latest


FILE = "directory.json"
"""The file in the state folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of the site's address space that leads to a service.

    Attributes:
        prefix: Without a final slash; empty: the whole site.
        host: Its host name; empty: every host of the site.
        keeps: Whether the prefix is a part of the service's own rules.
        aliases: Further names of that host.
    """

    prefix: str = ""
    host: str = ""
    keeps: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its host; none: every host of the site."""
        return (self.host, *self.aliases) if self.host else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One URL rule of a service.

    Attributes:
        endpoint: Its name, without the service's.
        rule: As Werkzeug writes it, such as `/products/<int:id>`.
        methods: Sorted, without `HEAD` and `OPTIONS`; empty: any.
        defaults: Values that stand for arguments which the rule does not name.
        host: The host names that it is for, as a rule; empty: whatever the host is.
        websocket: Whether it is for WebSockets alone.
        places: Where it is public: indexes of the service's places, the
            principal one first; empty: it is for neighbours alone.
    """

    endpoint: str
    rule: str
    methods: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    websocket: bool = False
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service.

    Attributes:
        places: Where it is public, the principal one first; none: it is not.
        rules: What it answers to; empty and not `known`: nobody has said yet.
        known: Whether it has ever been ready.
        key: The public key of what it keeps with visitors for others to read; see
            `tokens`.
        shares: The keys of the site's session that it alone may write.
    """

    places: tuple[Place, ...] = ()
    rules: tuple[Rule, ...] = ()
    known: bool = False
    key: str = ""
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The whole site.

    Attributes:
        url: Its public address, such as `http://localhost:8000`.
        hosts: The host names that are its own, without ports.
        services: By name.
        fragments: `SERVICE.ENDPOINT` of every route that some template puts into
            a page; known in development only.
    """

    url: str = ""
    hosts: tuple[str, ...] = ()
    services: Mapping[str, Entry] = field(default_factory=dict)
    fragments: tuple[str, ...] = ()


def write_directory(directory: Directory) -> str:
    """Return the text of the file."""
    return json.dumps(asdict(directory), indent=1) + "\n"


def read_directory(text: str) -> Directory:
    """Return what the file says.

    Raises:
        ValueError: It is no such file.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        return Directory(
            url=said["url"],
            hosts=tuple(said["hosts"]),
            services={name: _entry(each) for name, each in said["services"].items()},
            fragments=tuple(said["fragments"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no directory: {error!r}") from error


def directory_at(path: str | Path) -> Directory:
    """Return what the file says now; it is read again when it has changed.

    Where there is none, or none that can be read, the site has no services.
    """
    return _file(path).now()


@lru_cache(4)
def _file(path: str | Path) -> Latest[Directory]:
    return Latest(path, read_directory, Directory())


def _entry(said: Mapping[str, Any]) -> Entry:
    return Entry(
        places=tuple(map(_place, said["places"])),
        rules=tuple(_rule(rule) for rule in said["rules"]),
        known=said["known"],
        key=said.get("key", ""),
        shares=tuple(said.get("shares", ())),
    )


def _place(said: Mapping[str, Any]) -> Place:
    return Place(**{**said, "aliases": tuple(said.get("aliases", ()))})


def _rule(said: Mapping[str, Any]) -> Rule:
    lists = {"methods": tuple(said["methods"]), "places": tuple(said["places"])}
    return Rule(**{**said, **lists})
