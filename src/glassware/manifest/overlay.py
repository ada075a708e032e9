"""Lay the manifests over one another, and remember who said what."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glassware.errors import Fault

from .draft import Draft, Manifest, Place, Table
from .places import KeyPath


@dataclass(slots=True)
class _Layer:
    file: Path
    tree: Table = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    refused: dict[KeyPath, Fault] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Place:
        return self.places.get(path, Place(file=self.file))

    def refuse(self, path: KeyPath, what: str, hint: str | None = None) -> None:
        self.refused[path] = self.place(path).fault(what, hint)


def overlay(draft: Draft) -> Draft:
    """Lay the manifests over one another into one tree in the shape of `site.toml`.

    Tables are joined key by key; any other value takes the place of the one
    below it, and what it took the place of is forgotten.
    """
    result = _Layer(draft.folder)
    for manifest in draft.manifests:
        layer = _layer(manifest)
        for name, table in layer.tree.get("services", {}).items():
            _expand_route(layer, ("services", name), table)
            _give_way(result.tree.get("services", {}).get(name, {}), table)
        _join(result.tree, layer.tree, (), result.places, layer.places)
        result.refused |= layer.refused
    return replace(
        draft,
        tree=result.tree,
        places=result.places,
        faults=(*draft.faults, *result.refused.values()),
        broken=draft.broken | frozenset(result.refused),
    )


def _layer(manifest: Manifest) -> _Layer:
    """Return one manifest in the shape of `site.toml`."""
    root = manifest.root
    layer = _Layer(manifest.file)
    layer.places = {
        (*root, *path): Place(file=manifest.file, line=line, field=path)
        for path, line in manifest.lines.items()
    }
    if root:
        layer.places[root] = Place(file=manifest.file)
        layer.tree = {"services": {root[1]: dict(manifest.table)}}
        return layer
    layer.tree = dict(manifest.table)
    services = layer.tree.pop("services", {})
    if not isinstance(services, dict):
        layer.refuse(("services",), "must be a table, `[services.NAME]`")
        return layer
    layer.tree["services"] = {}
    for name, table in services.items():
        if isinstance(table, dict):
            layer.tree["services"][name] = dict(table)
        else:
            layer.refuse(("services", name), f"must be a table, `[services.{name}]`")
    return layer


def _expand_route(layer: _Layer, path: KeyPath, table: Table) -> None:
    if "route" not in table:
        return
    if "routes" in table:
        layer.refuse(
            (*path, "route"),
            "is given together with `routes`",
            "write one `[[routes]]` table for each route, or only `route`",
        )
        del table["route"]
        return
    table["routes"] = [{"path": table.pop("route")}]
    for end in (("routes",), ("routes", 0), ("routes", 0, "path")):
        layer.places[(*path, *end)] = layer.place((*path, "route"))


def _give_way(below: Table, above: Table) -> None:
    """Forget a lower layer's `app` for a `command` above it, and the reverse."""
    for one, other in (("app", "command"), ("command", "app")):
        if one in above and other not in above:
            below.pop(other, None)


def _join(
    below: Table,
    above: Table,
    path: KeyPath,
    places: dict[KeyPath, Place],
    new: dict[KeyPath, Place],
) -> None:
    if path in new:
        places.setdefault(path, new[path])
    for key, value in above.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _join(below[key], value, here, places, new)
            continue
        for old in _paths(below.get(key), here):
            places.pop(old, None)
        places |= {p: new[p] for p in _paths(value, here) if p in new}
        below[key] = value


def _paths(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    waiting = [(path, value)]
    while waiting:
        here, one = waiting.pop()
        yield here
        match one:
            case dict():
                waiting += [((*here, key), inner) for key, inner in one.items()]
            case list():
                waiting += [((*here, i), inner) for i, inner in enumerate(one)]
            case _:
                pass
