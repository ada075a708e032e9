"""Which services have put their first data into their databases."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from glassware.files import write_whole


class Seeds:
    """Remembers it beside the data, so that it goes where the data goes.

    Args:
        state: The site's state folder.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / "seeded"

    def is_done(self, service: str) -> bool:
        """Tell whether a service's seed has run for the data that is there."""
        return (self._folder / service).exists()

    def done(self, service: str) -> None:
        """Take note that it has."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(self._folder / service, "")

    def forget(self, services: Iterable[str]) -> None:
        """Take note that the data of services is gone."""
        for service in services:
            (self._folder / service).unlink(missing_ok=True)


def forget_data(state: Path) -> None:
    """Remove the data of every server of a site that does not run."""
    for name in ("engines", "seeded"):
        shutil.rmtree(state / name, ignore_errors=True)
