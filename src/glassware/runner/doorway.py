"""The folder in which callers find the sockets of a service's ready workers.

While it is there, callers wait a while for a socket that takes them; once it
is gone they know that nothing serves.
"""

from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from .workers import Address


class Doorway:
    """The folder of one service; its entries are sockets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Let callers wait: somebody will serve."""
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def admit(self, address: Address, name: str) -> Address:
        """Put a worker's socket where callers look; return where it is now.

        Args:
            address: Where the worker listens; what is no socket stays there.
            name: What to call it; a former one of that name is replaced.

        Raises:
            OSError: It cannot be put there.
        """
        if isinstance(address, Path):
            return address.replace(self._folder / f"{name}.sock")
        return address

    def close_all_but(self, addresses: Container[object]) -> None:
        """Take every other socket out of sight, those of dead workers too."""
        for entry in self._folder.iterdir():
            if entry not in addresses:
                entry.unlink(missing_ok=True)

    def close(self) -> None:
        """Let callers know at once that nothing serves."""
        with suppress(FileNotFoundError):
            self.close_all_but(())
            self._folder.rmdir()
