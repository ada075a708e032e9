"""Which routes of a site are fragments, as far as its files tell while it runs."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from glassware.graph import is_code, is_template, references
from glassware.model import Service
from glassware.plan import Plan


class Surroundings(Protocol):
    """What it needs of the supervisor."""

    plan: Plan


class FragmentsNamed:
    """Keeps up to date which routes of the site are pieces of pages.

    Args:
        around: The supervisor.
        tell: Called with their names when these have changed.
    """

    def __init__(
        self, around: Surroundings, tell: Callable[[tuple[str, ...]], object]
    ) -> None:
        self._around = around
        self._tell = tell
        self._told: tuple[str, ...] = ()
        self._changed = asyncio.Event()

    def saved(self, paths: Iterable[Path]) -> None:
        """Take note of files that were saved or removed."""
        if any(is_code(path) or is_template(path) for path in paths):
            self._changed.set()

    async def run(self) -> None:
        """Look into the files whenever some have changed."""
        while True:
            self._changed.clear()
            services = [each.service for each in self._around.plan.services]
            names = await asyncio.to_thread(fragments_of, services)
            if names != self._told:
                self._told = names
                self._tell(names)
            await self._changed.wait()


def fragments_of(services: Iterable[Service]) -> tuple[str, ...]:
    """Return every `SERVICE.ENDPOINT` that some file puts into a page, sorted."""
    found = (each for service in services for each in references(service))
    names = {each.named.name for each in found if each.named.kind == "fragment"}
    return tuple(sorted(name for name in names if "." in name.strip(".")))
