"""Find a site, the folders of its services, and the application in each.

A convention is only believed where the file at that place says so: files that
merely have a usual name (`main.py`, some package) must define or import an
application. A file that does not parse counts, so that a service does not
vanish from the site while its author is typing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassware.errors import Fault, NotASite
from glassware.model import LAYOUT

from .apps import find_app
from .draft import Manifest, dotted


def find_site(start: Path) -> Path:
    """Return the site that a folder belongs to.

    Args:
        start: A folder inside the site, or the site's own.

    Returns:
        The nearest folder at or above `start` with a `site.toml`, or with
        `services/` holding services.

    Raises:
        NotASite: There is none.
    """
    start = Path(os.path.realpath(start))
    found: Path | None = None
    for folder in (start, *start.parents):
        if found is None:
            found = folder if is_site(folder) else None
            if found and _exists(found / "site.toml"):
                return found
        elif is_site(folder) and _leads_to(found, folder):
            found = folder  # what was found is a part of this site's service
    if found is None:
        raise NotASite(
            f"`{start}` is not inside a site",
            hint="a site is a folder with `site.toml`, or with services in "
            "`services/`; `glassware new site NAME` makes one",
        )
    return found


def is_site(folder: Path) -> bool:
    """Whether a folder has a `site.toml`, or `services/` holding services."""
    if _exists(folder / "site.toml"):
        return True
    return any(_is_service(path) for path in _entries(folder / "services"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folders of a site's services.

    Attributes:
        by_name: All of them, also those that are not there.
        lost: The faults of services whose folder is not there, by name.
        faults: Of entries of `services/` that could be anything.
    """

    by_name: dict[str, Path]
    lost: dict[str, Fault]
    faults: list[Fault]


def find_folders(site: Path, manifests: Sequence[Manifest]) -> Folders:
    """Return the folders of a site's services.

    Args:
        site: The site's folder.
        manifests: Its `site.toml`s; `[services.NAME]` adds or moves a service.
    """
    folders: dict[str, Path] = {}
    faults: list[Fault] = []
    for path in _entries(site / "services"):
        if path.is_symlink() and not _exists(path):
            faults.append(
                Fault(
                    file=path,
                    what="is a symbolic link that leads nowhere",
                    hint="remove it, or let it point to the service's folder",
                )
            )
        elif _is_service(path):
            folders[path.name] = path
    beside = LAYOUT not in folders and _is_layout(site / LAYOUT)
    if beside:
        folders[LAYOUT] = site / LAYOUT
    for manifest in manifests:
        for name, declared in _declared(manifest):
            if declared is not None:
                folders[name] = Path(os.path.realpath(site / declared))
            folders.setdefault(name, site / "services" / name)
    if beside:  # the last one: it gives way to the others
        folders[LAYOUT] = folders.pop(LAYOUT)
    _release_renamed(site, folders)
    lost = {
        name: _lost(name, folder, manifests)
        for name, folder in folders.items()
        if not _is_folder(folder)
    }
    return Folders(by_name=folders, lost=lost, faults=faults)


def _declared(manifest: Manifest) -> Iterator[tuple[str, str | None]]:
    services = manifest.table.get("services")
    if not isinstance(services, Mapping):
        return
    for name, table in services.items():
        path = table.get("path") if isinstance(table, Mapping) else None
        usable = isinstance(path, str) and path != "" and "\0" not in path
        yield name, path if usable else None


def _release_renamed(site: Path, folders: dict[str, Path]) -> None:
    # A folder whose name cannot be a service's is only known by its new name.
    for name, folder in list(folders.items()):
        conventional = site / "services" / name
        others = (f for n, f in folders.items() if n != name)
        if (
            folder == conventional
            and name != name.lower()
            and any(os.path.realpath(folder) == str(other) for other in others)
        ):
            del folders[name]


def _lost(name: str, folder: Path, manifests: Sequence[Manifest]) -> Fault:
    path = ("services", name)
    for manifest in reversed(manifests):
        for place in ((*path, "path"), path):
            if place in manifest.lines:
                return Fault(
                    file=manifest.file,
                    line=manifest.lines[place],
                    field=dotted(place),
                    what=f"there is no folder `{folder}`",
                    hint='write `path = "…"` with the folder of the service',
                )
    return Fault(file=folder, what="is no folder")


def _is_service(path: Path) -> bool:
    if path.name.startswith((".", "__")) or not _is_folder(path):
        return False
    if path.name == LAYOUT and _is_layout(path):
        return True
    return _exists(path / "service.toml") or find_app(path, path.name) is not None


def _is_layout(path: Path) -> bool:
    parts = (path / part for part in ("templates", "static", "service.toml"))
    return any(_exists(part) for part in parts)


def _leads_to(inner: Path, site: Path) -> bool:
    parts = inner.relative_to(site).parts
    return (
        len(parts) > 1
        and parts[0] == "services"
        and _is_service(site / parts[0] / parts[1])
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return os.path.lexists(path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
