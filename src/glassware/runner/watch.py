"""Which services a save touches."""

import asyncio
import os
import sysconfig
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from glassware.model import LAYOUT
from glassware.plan import Plan


STEP_MS = 20
INSTALL_MS = 300

IGNORED = frozenset({"static", "templates", "tests", "node_modules", ".glassware"})
CODE = frozenset(
    {".py", ".toml", ".env", ".flaskenv", ".js", ".ts", ".mjs", ".so", ".sql", ".cql"}
)
SCRIPTS = frozenset({".sql", ".cql"})
MANIFESTS = frozenset(
    {"site.toml", "site.production.toml", "service.toml", ".env", ".flaskenv"}
)
VARIABLES = frozenset({".env", ".flaskenv", "secrets.toml"})


class _Filter(DefaultFilter):
    ignore_dirs = (*DefaultFilter.ignore_dirs, ".glassware", "envs")

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and not path.endswith((".pyc", "~"))


async def saves(
    folders: Iterable[Path], until: asyncio.Event, polling: bool = False
) -> AsyncIterator[frozenset[Path]]:
    """Return each burst of saves below `folders`, once it has ended.

    Args:
        folders: Those that are there are watched, with all below them.
        until: Ends the watching.
        polling: Look at each file in turn, where the system cannot tell.
    """
    async for changes in awatch(
        *(folder for folder in folders if folder.is_dir()),
        watch_filter=_Filter(),
        debounce=400,
        step=STEP_MS,
        recursive=True,
        raise_interrupt=False,
        stop_event=until,
        force_polling=polling or None,
    ):
        yield frozenset(Path(path) for _, path in changes)


def saved_since(folders: Iterable[Path], moment: float) -> frozenset[Path]:
    """Return the files below `folders` that were written after `moment`."""
    wanted = _Filter()
    return frozenset(
        path
        for folder in folders
        for path in _files(folder, frozenset(_Filter.ignore_dirs))
        if _written(path) >= moment and wanted(Change.modified, str(path))
    )


def _files(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    seen: set[str] = set()
    for home, below, names in os.walk(folder, followlinks=True):
        # A link may lead back to where it is.
        seen.add(os.path.realpath(home))
        below[:] = [
            name
            for name in below
            if name not in ignored and os.path.realpath(f"{home}/{name}") not in seen
        ]
        yield from (Path(home, name) for name in names)


def _written(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


async def installs(folders: Iterable[Path]) -> AsyncIterator[frozenset[Path]]:
    """Return the `site-packages` folders in which packages came or went."""
    async for changes in awatch(
        *(folder for folder in folders if folder.is_dir()),
        watch_filter=lambda _, path: path.endswith(".dist-info"),
        debounce=1600,
        step=INSTALL_MS,
        recursive=False,
        raise_interrupt=False,
    ):
        yield frozenset(Path(path).parent for _, path in changes)


def touched(
    plan: Plan, modules: dict[str, frozenset[str]], path: Path
) -> frozenset[str]:
    """Return the services that have to start anew because `path` changed.

    Args:
        plan: What runs.
        modules: The files that each service has imported, as its worker said.
        path: The file that was saved.
    """
    if path.parent == plan.folder and path.name in VARIABLES:
        return frozenset(service.name for service in plan.services)
    hit = {name for name, files in modules.items() if str(path) in files}
    if path.suffix in CODE or path.name in MANIFESTS:
        for service in plan.services:
            parts = _below(service.watch, path)
            if parts is not None and not IGNORED.intersection(parts[:-1]):
                hit.add(service.name)
    return frozenset(hit)


def is_migration(path: Path) -> bool:
    """Whether a saved file may ask for a migration: a new step, or a new task."""
    return "migrations" in path.parts or path.name in MANIFESTS


def reshapes(plan: Plan, path: Path) -> bool:
    """Whether a saved or removed file may change what the manifests describe."""
    if path.name in MANIFESTS or (is_migration(path) and path.suffix in SCRIPTS):
        return True
    if _reshapes_layout(plan, path):
        return True
    home = plan.folder / "services"
    if not path.is_relative_to(home) or path == home:
        return False
    folder = home / path.relative_to(home).parts[0]
    known = any(service.service.folder == folder for service in plan.services)
    return known != folder.is_dir()


def _reshapes_layout(plan: Plan, path: Path) -> bool:
    """Whether the site's look comes or goes, or gets its icon."""
    folder = plan.folder / LAYOUT
    if not path.is_relative_to(folder):
        return False
    known = any(service.service.folder == folder for service in plan.services)
    return known != folder.is_dir() or path.stem == "favicon"


def _below(folders: Iterable[Path], path: Path) -> tuple[str, ...] | None:
    for folder in folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder).parts
    return None


def site_packages(interpreter: Path | None) -> Path:
    """Return where an interpreter's packages are installed."""
    if interpreter is None:
        return Path(sysconfig.get_path("purelib"))
    found = sorted(interpreter.parent.parent.glob("lib/python*/site-packages"))
    return found[0] if found else interpreter.parent
