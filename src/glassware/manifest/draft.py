"""A site on its way from text to model: what each step hands to the next."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from glassware.errors import Fault
from glassware.model import Site

from .places import KeyPath


Table = dict[str, Any]
T = TypeVar("T")

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value is written.

    Attributes:
        file: The manifest, or the service's folder where it has none.
        line: Counted from 1; `None` where the key is absent.
        field: The key as that file spells it.
    """

    file: Path
    line: int | None = None
    field: KeyPath = ()

    def fault(self, what: str, hint: str | None = None) -> Fault:
        """Return the fault of the value that is written here."""
        return Fault(
            file=self.file,
            line=self.line,
            field=dotted(self.field),
            what=what,
            hint=hint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One file as it was read.

    Attributes:
        file: Where it is.
        root: What it describes: `()` the site, `("services", NAME)` a service.
        table: What it says.
        lines: Where each key stands.
    """

    file: Path
    root: KeyPath = ()
    table: Table = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that is known so far.

    Attributes:
        folder: The site's.
        production: Whether `site.production.toml` counts.
        environment: Where secrets may be; `None`: nobody looks for them.
        folders: The services' folders by name.
        manifests: The files, the one that wins last.
        tree: All of them laid over one another, in the shape of `site.toml`.
        places: Where each value of `tree` is written.
        broken: Values of `tree` that a fault was already found in.
        site: What was built.
        faults: All that is wrong.
    """

    folder: Path
    production: bool = False
    environment: Mapping[str, str] | None = None
    folders: Mapping[str, Path] = field(default_factory=dict)
    manifests: tuple[Manifest, ...] = ()
    tree: Table = field(default_factory=dict)
    places: Mapping[KeyPath, Place] = field(default_factory=dict)
    broken: frozenset[KeyPath] = frozenset()
    site: Site
    faults: tuple[Fault, ...] = ()

    def place(self, path: KeyPath) -> Place:
        """Return where a value of the tree is written, or ought to be."""
        for length in range(len(path), -1, -1):
            known = self.places.get(path[:length])
            if known is not None:
                missing = path[length:]
                line = None if missing else known.line
                return Place(file=known.file, line=line, field=known.field + missing)
        match path:
            case ("services", str(name), *rest) if name in self.folders:
                return Place(file=self.folders[name], field=tuple(rest))
            case _:
                return Place(file=self.folder / "site.toml", field=path)

    def fault(self, path: KeyPath, what: str, hint: str | None = None) -> Fault:
        """Return the fault of a value of the tree."""
        return self.place(path).fault(what, hint)

    def is_broken(self, *path: str | int) -> bool:
        """Whether that value, a part of it, or what it is part of has a fault."""
        return any(
            broken[: len(path)] == path or path[: len(broken)] == broken
            for broken in self.broken
        )

    def elements(
        self, path: KeyPath, values: Iterable[T]
    ) -> Iterator[tuple[KeyPath, T]]:
        """Return the elements of a built list, each with its path in the tree."""
        built = (i for i in count() if (*path, i) not in self.broken)
        for value, index in zip(values, built, strict=False):
            yield (*path, index), value


def dotted(path: KeyPath) -> str:
    """Return a path as TOML writes it, such as `routes[0].path`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _BARE.fullmatch(part) else f'."{part}"'
    return text.removeprefix(".")
