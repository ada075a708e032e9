"""The ready workers of a neighbour, found by listing a folder."""

import time
from pathlib import Path


# A folder that changed this recently may change again without a new time stamp:
# the kernel's clock for files ticks every few milliseconds.
_TICK_NS = 50_000_000


class Folder:
    """The sockets in one folder.

    The runner takes the folder away while a service does not run and nothing
    is under way to change that; an empty one says that it will be back.

    Args:
        path: The folder; it may come and go.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.is_there = True
        self._seen_ns = -1
        self._sockets: tuple[str, ...] = ()

    def sockets(self) -> tuple[str, ...]:
        """Return the paths of the sockets that are there now."""
        try:
            changed_ns = self._path.stat().st_mtime_ns
            self.is_there = True
            if changed_ns != self._seen_ns:
                settled = time.time_ns() - changed_ns > _TICK_NS
                self._sockets = self._list()
                self._seen_ns = changed_ns if settled else -1
        except OSError:
            self.is_there = False
            self._seen_ns = -1
            self._sockets = ()
        return self._sockets

    def _list(self) -> tuple[str, ...]:
        return tuple(sorted(str(path) for path in self._path.glob("*.sock")))


class Arrivals:
    """Tells whether workers have come to an address.

    Args:
        address: Only that of a folder can tell.
    """

    def __init__(self, address: str) -> None:
        kind, _, path = address.partition(":")
        self._folder = Folder(path) if kind == "unix" else None
        self._known: frozenset[str] = frozenset()

    def any(self) -> bool:
        """Tell whether there are some that were not there at the last question."""
        if self._folder is None:
            return False
        now = frozenset(self._folder.sockets())
        known, self._known = self._known, now
        return not now <= known
