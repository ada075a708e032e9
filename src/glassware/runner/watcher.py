"""Watches the site's files and lets services start anew when theirs change."""

import asyncio
from pathlib import Path
from typing import Protocol

from glassware.plan import Plan

from .services import RunningService
from .watch import installs, is_migration, reshapes, saves, site_packages, touched
from .zygotes import Zygotes


class Surroundings(Protocol):
    """What the watcher needs of the supervisor."""

    plan: Plan
    services: dict[str, RunningService]
    zygotes: Zygotes

    def replan(self) -> None:
        """Read the manifests anew and run what they say now."""


class Watcher:
    """Watches for one running site."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._folders: frozenset[Path] = frozenset()
        self._elsewhere = asyncio.Event()

    async def run(self) -> None:
        """Start services anew when their files are saved."""
        while True:
            self._elsewhere.clear()
            self._folders = self._watched()
            async for paths in saves(self._folders, self._elsewhere):
                self._saved(paths)

    async def run_installs(self) -> None:
        """Start services anew when packages are installed for them."""
        around = self._around
        interpreters = {
            site_packages(service.interpreter): service.interpreter
            for service in around.plan.services
            if service.launch in {"fork", "isolated"}
        }
        async for folders in installs(interpreters):
            hit = {interpreters[folder] for folder in folders}
            around.zygotes.forget(hit)
            for service in around.services.values():
                if service.plan.interpreter in hit:
                    service.changed()

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
        services = self._around.services.values()
        folders = {s.plan.service.folder for s in services}
        folders |= {Path(file).parent for s in services for file in s.modules}
        outside = {folder for folder in folders if not folder.is_relative_to(site)}
        return frozenset({site, *outside})

    def _saved(self, paths: frozenset[Path]) -> None:
        around = self._around
        if any(reshapes(around.plan, path) for path in paths):
            around.replan()
        modules = {name: s.modules for name, s in around.services.items()}
        hit = {n for path in paths for n in touched(around.plan, modules, path)}
        migration = any(is_migration(path) for path in paths)
        for name in sorted(hit & around.services.keys()):
            around.services[name].changed(migration=migration)
