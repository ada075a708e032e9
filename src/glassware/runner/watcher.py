"""Watches the site's files and lets services start anew when theirs change."""

import asyncio
import time
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from glassware.plan import Plan

from .events import Bulletin, Told
from .roster import Roster
from .watch import (
    installs,
    is_migration,
    reshapes,
    saved_since,
    saves,
    site_packages,
    touched,
)
from .zygotes import Zygotes


TRY_AGAIN = 0.2
BURST = 0.5


class Surroundings(Protocol):
    """What the watcher needs of the supervisor."""

    plan: Plan
    bulletin: Bulletin
    roster: Roster
    zygotes: Zygotes

    def replan(self) -> frozenset[str]:
        """Run what the manifests say now; return what they say otherwise of."""

    def saved(self, paths: frozenset[Path]) -> None:
        """Take note of files that were saved or removed."""


class Watcher:
    """Watches for one running site."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._folders: frozenset[Path] = frozenset()
        self._elsewhere = asyncio.Event()
        self._catching_up: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    async def run(self) -> None:
        """Start services anew when their files are saved."""
        polling = False
        while True:
            slack = 0.0
            self._elsewhere.clear()
            self._folders = self._watched()
            try:
                async for paths in saves(self._folders, self._elsewhere, polling):
                    self._saved(paths)
            except Exception as error:  # noqa: BLE001 - saves have to go on to count
                cause = _cause(error)
                # The machine's limit; others pass, as a name that is no UTF-8.
                limit = isinstance(cause, OSError) or "watcher" in str(cause)
                polling = polling or limit
                how = "; the files are looked at in turn" if limit else ""
                self._complain(f"a save may have gone unseen: {cause}{how}")
                await asyncio.sleep(TRY_AGAIN)
                slack = BURST + TRY_AGAIN
            self._catching_up = asyncio.create_task(self._catch_up(time.time() - slack))

    async def _catch_up(self, since: float) -> None:
        """Take what was saved while nobody watched, once somebody does again."""
        await asyncio.sleep(BURST)
        self._saved(await asyncio.to_thread(saved_since, self._folders, since))

    async def run_installs(self) -> None:
        """Start services anew when packages are installed for them."""
        around = self._around
        interpreters = {
            site_packages(service.interpreter): service.interpreter
            for service in around.plan.services
            if service.launch in {"fork", "isolated"}
        }
        try:
            async for folders in installs(interpreters):
                self._installed({interpreters[folder] for folder in folders})
        except Exception as error:  # noqa: BLE001 - as above
            self._complain(f"installed packages go unseen: {_cause(error)}")

    def _installed(self, interpreters: Collection[Path | None]) -> None:
        self._around.zygotes.forget(interpreters)
        for service in self._around.roster.services.values():
            if service.plan.interpreter in interpreters:
                service.changed()

    def _complain(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            told = Told(at=time.time(), source="", text=text, importance="warning")
            self._around.bulletin.tell(told)

    def look_again(self) -> None:
        """Take note of folders that workers have imported from since."""
        if self._folders and self._watched() != self._folders:
            self._elsewhere.set()

    def _watched(self) -> frozenset[Path]:
        """Return the folders whose files make up the site.

        They are its own, those of services elsewhere, and those of libraries
        that are being edited beside it and that a worker has imported.
        """
        site = self._around.plan.folder
        services = self._around.roster.services.values()
        folders = {s.plan.service.folder for s in services}
        folders |= {Path(file).parent for s in services for file in s.modules}
        outside = {folder for folder in folders if not folder.is_relative_to(site)}
        return frozenset({site, *outside})

    def _saved(self, paths: frozenset[Path]) -> None:
        around, hit = self._around, set[str]()
        if any(reshapes(around.plan, path) for path in paths):
            hit |= around.replan()
        around.saved(paths)
        services = around.roster.services
        modules = {name: service.modules for name, service in services.items()}
        for path in paths:
            hit |= touched(around.plan, modules, path)
        migration = any(is_migration(path) for path in paths)
        around.roster.change(sorted(hit & services.keys()), migration=migration)


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
