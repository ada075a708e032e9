"""From a folder and a word about it to an application that can be called."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from glassware.errors import AppNotLoaded

from .bytecode import keep_only_settled
from .convention import conventional_app, module_name
from .find import (
    Application,
    Interface,
    find_application,
    interface_of,
    named_application,
)


SUBMODULES = ("app", "wsgi", "asgi", "main")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An application, and how it is called."""

    application: Application
    interface: Interface


def load(folder: Path, app: str | None, service: str) -> Loaded:
    """Import the application of a service.

    The folder (and its `src/`) come first on `sys.path`, and a file `app.py`
    is loaded under the service's name, so that no two services are called `app`.

    Args:
        folder: The service's folder.
        app: `app.py`, `module` or `module:name`; `None`: by convention.
        service: Its name.

    Raises:
        AppNotLoaded: There is no application where it was said to be.
        BaseException: Whatever the service's own code raises at import.
    """
    keep_only_settled()
    app = app or conventional_app(folder, service)
    place, _, name = app.partition(":")
    search((folder / "src", folder))
    # Flask's own switch: a bare `app.run()` at the end of a file does nothing.
    os.environ.setdefault("FLASK_RUN_FROM_CLI", "true")
    if place.endswith(".py"):
        module = _load_file(folder / place, service)
    else:
        module = _load_module(place, folder)
    application = (
        named_application(module, name) if name else _find(module, guess=":" not in app)
    )
    return Loaded(application, interface_of(application))


def search(folders: Iterable[Path]) -> None:
    """Put each folder that exists at the front of `sys.path`, the last one first."""
    for folder in folders:
        entry = str(folder)
        if folder.is_dir() and entry not in sys.path[:2]:
            sys.path.insert(0, entry)


def _load_file(file: Path, service: str) -> ModuleType:
    if not file.is_file():
        raise AppNotLoaded(
            f"there is no `{file.name}` in `{file.parent}`",
            hint="`app` in `service.toml` names the file or module to load",
        )
    search([file.parent])
    name = _free_name(file, module_name(service))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AppNotLoaded(f"`{file}` is no Python file")
    sys.argv = [str(file)]
    module = importlib.util.module_from_spec(spec)
    names = {name, file.stem} if _is_itself(file) else {name}
    # Its neighbours in the folder may say `from app import db`: one module, not two.
    sys.modules.update(dict.fromkeys(names, module))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for alias in names:
            sys.modules.pop(alias, None)
        raise
    return module


def _free_name(file: Path, name: str) -> str:
    """Return `name`, or the file's own where another module has that name."""
    if not name.isidentifier() or name in sys.modules:
        return file.stem
    try:
        taken = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return file.stem
    if taken is None or taken.origin == str(file):
        return name
    # A folder of templates called like the service is a namespace package.
    return name if taken.loader is None or taken.origin is None else file.stem


def _is_itself(file: Path) -> bool:
    """Return whether `import STEM` in the service means this very file."""
    if file.stem in sys.modules or not file.stem.isidentifier():
        return False
    spec = importlib.util.find_spec(file.stem)
    return spec is not None and spec.origin == str(file)


def _load_module(name: str, folder: Path) -> ModuleType:
    sys.argv = [str(folder / name)]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        where = " or ".join(f"`{p}`" for p in (folder, folder / "src") if p.is_dir())
        raise AppNotLoaded(
            f"no module `{error.name}` was found in {where}",
            hint="`app` in `service.toml` names the file or module to load",
        ) from None


def _find(module: ModuleType, *, guess: bool) -> Application:
    try:
        return find_application(module)
    except AppNotLoaded:
        if not guess or not hasattr(module, "__path__"):
            raise
        for name in SUBMODULES:
            full = f"{module.__name__}.{name}"
            if importlib.util.find_spec(full) is not None:
                return find_application(importlib.import_module(full))
        raise
