"""Make the model from tables: every value is checked, every fault is kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from glassware.errors import Fault
from glassware.model import LAYOUT, LAYOUT_APP, Database, Service, Site

from .apps import find_app, find_requirements
from .draft import Draft, Table
from .keys import Key, Shape, keys_of, site_keys, site_service_keys
from .layout import with_layout
from .migrations import find_migrate, find_scripts
from .places import KeyPath
from .wording import complaint, no_such_key, odd_character, wrong_kind


def build(draft: Draft) -> Draft:
    """Make the site from the tree, as far as its values allow."""
    checker = _Checker(draft)
    services = with_layout(
        [_service(checker, name, folder) for name, folder in draft.folders.items()]
    )
    table = {key: value for key, value in draft.tree.items() if key != "services"}
    values = checker.fields(site_keys(), table, ())
    values.setdefault("name", site_name(draft.folder))
    return replace(
        draft,
        site=Site(folder=draft.folder, services=services, **values),
        faults=(*draft.faults, *checker.faults),
        broken=draft.broken | checker.broken,
    )


def site_name(folder: Path) -> str:
    """Return the name of a site whose manifest gives it none."""
    words = re.findall(r"[a-z0-9]+", folder.name.lower())
    name = "-".join(words)[:40].strip("-")
    return name if name[:1].isalpha() else f"site-{name}".strip("-")[:40].strip("-")


def _service(checker: "_Checker", name: str, folder: Path) -> Service:
    path: KeyPath = ("services", name)
    table = dict(checker.draft.tree.get("services", {}).get(name, {}))
    values = checker.fields(site_service_keys(), table, path)
    values.pop("path", None)
    values |= _databases(values.get("databases", {}))
    origin = folder / "service.toml"
    if path not in checker.draft.broken:  # else the folder may not be there
        values |= _conventions(values, name, folder)
    return Service(
        name=name,
        folder=folder,
        origin=origin if origin in {m.file for m in checker.draft.manifests} else None,
        **values,
    )


def _databases(declared: Mapping[str, str | Database]) -> dict[str, Any]:
    """Return the engine of each database, and the URLs of those that exist."""
    whole = {
        name: said if isinstance(said, Database) else Database(engine=said)
        for name, said in declared.items()
    }
    return {
        "databases": {name: said.engine for name, said in whole.items()},
        "urls": {
            name: said.url for name, said in whole.items() if said.url is not None
        },
    }


def _conventions(values: Mapping[str, Any], name: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"requirements": find_requirements(folder)}
    app = values.get("app")
    if app is None and "command" not in values:
        usual = LAYOUT_APP if name == LAYOUT else None
        found["app"] = app = find_app(folder, name) or usual
    tasks = values.get("tasks", {})
    migrate = find_migrate(folder, app) if values.get("databases") else None
    if migrate and "migrate" not in tasks:
        found["tasks"] = {"migrate": migrate, **tasks}
    elif "migrate" not in tasks:
        found["scripts"] = find_scripts(folder, values["databases"])
    return found


class _Bad:
    """What stands for a value that has a fault."""


class _Checker:
    """Checks values against their shapes and collects the faults."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.faults: list[Fault] = []
        self.broken: frozenset[KeyPath] = frozenset()

    def fields(
        self, keys: Mapping[str, Key], table: Table, path: KeyPath
    ) -> dict[str, Any]:
        """Return the good values of a table by the model's field."""
        values: dict[str, Any] = {}
        for name, value in table.items():
            if name in keys:
                checked = self.value(keys[name].shape, value, (*path, name))
                if checked is not _Bad:
                    values[keys[name].field] = checked
            else:
                where = self.draft.place((*path, name))
                is_site = where.file.name.startswith("site.")
                self.refuse((*path, name), *no_such_key(name, keys, in_site=is_site))
        return values

    def value(self, shape: Shape, value: Any, path: KeyPath) -> Any:
        """Return a value as the model wants it, or `_Bad`."""
        if shape.long is not None and isinstance(value, dict):
            return shape.long(**self.fields(keys_of(shape.long), value, path))
        if shape.leaf is not None:
            return self.leaf(shape, value, path)
        kind: Any = list if shape.items else dict
        if not isinstance(value, kind):
            return self.refuse(path, *wrong_kind(shape, value, path))
        if shape.table is not None:
            return shape.table(**self.fields(keys_of(shape.table), value, path))
        if shape.items is not None:
            return tuple(self.elements(shape.items, value, path))
        return dict(self.entries(shape, value, path))

    def elements(self, shape: Shape, values: list[Any], path: KeyPath) -> Iterator[Any]:
        """Return the good elements of a list."""
        for index, value in enumerate(values):
            checked = self.value(shape, value, (*path, index))
            if checked is not _Bad:
                yield checked

    def entries(
        self, shape: Shape, table: Table, path: KeyPath
    ) -> Iterator[tuple[str, Any]]:
        """Return the good entries of a table with names of one's own."""
        assert shape.names  # noqa: S101
        assert shape.values  # noqa: S101
        for name, value in table.items():
            here = (*path, name)
            good_name = self.leaf(shape.names, name, here)
            good_value = self.value(shape.values, value, here)
            if good_name is not _Bad and good_value is not _Bad:
                yield name, good_value

    def leaf(self, shape: Shape, value: Any, path: KeyPath) -> Any:
        """Return a plain value, or `_Bad`."""
        try:
            converted = msgspec.convert(value, shape.leaf)
        except msgspec.ValidationError:
            return self.refuse(path, *complaint(shape, value))
        if isinstance(value, str) and (what := odd_character(shape, value)):
            return self.refuse(path, what)
        return converted

    def refuse(self, path: KeyPath, what: str, hint: str | None = None) -> type[_Bad]:
        """Keep a fault."""
        self.faults.append(self.draft.fault(path, what, hint))
        self.broken |= {path}
        return _Bad
