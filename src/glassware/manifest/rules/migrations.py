"""Rules about migrations that are files."""

from collections.abc import Iterator
from pathlib import Path

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.migrations import FOLDER, find_migrate, scripts_in, takers
from glassware.manifest.wording import listed
from glassware.model import SCRIPTS, Service


def somebody_applies(draft: Draft) -> Iterator[Fault]:
    """A file of migrations is for one database, and it is clear for which."""
    for service in draft.site.services:
        root = ("services", service.name)
        if root in draft.broken or draft.is_broken(*root, "databases"):
            continue
        found = find_migrate(service.folder, service.app)
        if found is None and "migrate" not in service.tasks:
            for ending in dict.fromkeys(SCRIPTS.values()):
                yield from _loose(service, ending)
                yield from _in_folders(service, ending)


def _loose(service: Service, ending: str) -> Iterator[Fault]:
    scripts = scripts_in(service.folder / FOLDER, ending)
    if not scripts:
        return
    names = takers(service.databases, ending)
    if len(names) > 1:
        yield Fault(
            file=scripts[0],
            what=f"could be for each of {listed(names)}",
            hint=f"move it to `{FOLDER}/{names[0]}/`, or to that of another",
        )
    elif not names:
        yield _nobody(scripts[0], service, ending)
    elif scripts_in(service.folder / FOLDER / names[0], ending):
        yield Fault(
            file=scripts[0],
            what=f"is not in `{FOLDER}/{names[0]}/`, where others are",
            hint="put all of them into one folder",
        )


def _in_folders(service: Service, ending: str) -> Iterator[Fault]:
    names = takers(service.databases, ending)
    try:
        folders = sorted(p for p in (service.folder / FOLDER).iterdir() if p.is_dir())
    except OSError:
        return
    for folder in folders:
        scripts = scripts_in(folder, ending)
        if scripts and folder.name not in names:
            yield _nobody(scripts[0], service, ending, folder.name)


def _nobody(script: Path, service: Service, ending: str, name: str = "") -> Fault:
    what = f"no database of `{service.name}` takes files that end in `{ending}`"
    if name:
        what = f"`{service.name}` has no database `{name}` that takes `{ending}`"
    takes = [engine for engine, its in SCRIPTS.items() if its == ending]
    return Fault(
        file=script,
        what=f"nobody applies it: {what}",
        hint=f"declare one: {listed(takes)}; or write `migrate` below `[tasks]` "
        'with what applies it, `"true"` if nothing is to',
    )


RULES = (somebody_applies,)
