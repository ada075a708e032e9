"""A service's application, loaded into the process of the tests."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from glassware.errors import AppNotLoaded
from glassware.worker.convention import conventional_app
from glassware.worker.find import (
    find_application,
    interface_of,
    named_application,
)
from glassware.worker.load import Loaded, load, search


_homes: dict[str, Path] = {}
"""The folders of the services that were loaded, by name."""


def loaded(folder: Path, app: str | None, service: str) -> Loaded:
    """Load an application as the worker would; a factory is called every time.

    Its modules are imported once in the process, as those of the tests are.

    Raises:
        AppNotLoaded: There is none, or its modules are another service's.
        BaseException: Whatever the service's own code raises at import.
    """
    _check_modules(service, folder)
    app = app or conventional_app(folder, service)
    place, _, name = app.partition(":")
    before = _module_of(folder / place) if place.endswith(".py") else None
    if before is None:
        found = load(folder, app, service)
    else:
        search((folder / "src", folder))
        made = named_application(before, name) if name else find_application(before)
        found = Loaded(made, interface_of(made))
    _homes[service] = folder
    return found


@contextmanager
def become(variables: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Let the process have these variables and this working folder for a while."""
    before = dict(os.environ), Path.cwd()
    _set(variables)
    os.chdir(folder)
    try:
        yield
    finally:
        _set(before[0])
        os.chdir(before[1])


@contextmanager
def kept() -> Iterator[None]:
    """Undo in the end what loading does to the process."""
    before = list(sys.path), list(sys.argv)
    try:
        yield
    finally:
        sys.path[:], sys.argv[:] = before


def _set(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _module_of(file: Path) -> ModuleType | None:
    for module in tuple(sys.modules.values()):
        if getattr(module, "__file__", None) == str(file):
            return module
    return None


def _check_modules(service: str, folder: Path) -> None:
    """Refuse to load what would take another service's module for its own."""
    for other, home in _homes.items():
        if home == folder:
            continue
        for name in _top_level(folder):
            module = sys.modules.get(name)
            taken = getattr(module, "__file__", None)
            if taken is None or not Path(taken).is_relative_to(home):
                continue
            if module is not None and module.__name__ != name:
                # The other's entry file, by the name that its neighbours use.
                del sys.modules[name]
            else:
                raise AppNotLoaded(
                    f"`{service}` and `{other}` both have a module `{name}`, and this "
                    f"process has the one of `{other}`",
                    hint=f"put it into a package `{service}`, or test one by one: "
                    f"glassware test {service}",
                )


def _top_level(folder: Path) -> Iterator[str]:
    for file in (*folder.glob("*.py"), *folder.glob("src/*.py")):
        # pytest has its own way to tell these apart.
        if file.stem != "conftest" and not file.stem.startswith("test_"):
            yield file.stem
    for file in (*folder.glob("*/__init__.py"), *folder.glob("src/*/__init__.py")):
        yield file.parent.name
