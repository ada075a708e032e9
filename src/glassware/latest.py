"""A small file that another process writes: what it says now.

It stands in the way of requests, so it is read again only when it has changed.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar


T = TypeVar("T")

# A file that changed this recently may change again without a new time stamp.
_TICK_NS = 50_000_000


class Latest(Generic[T]):
    """What a file says, read anew when it has changed.

    Args:
        path: The file; it comes and goes.
        read: Makes something of its text; raises `ValueError` for what is no such file.
        otherwise: What holds where there is none, or none that can be read.
    """

    def __init__(
        self, path: str | Path, read: Callable[[str], T], otherwise: T
    ) -> None:
        self._path = path
        self._read = read
        self._otherwise = self._said = otherwise
        self._seen: tuple[int, int, int] | None = None

    def now(self) -> T:
        """Return what it says now; that costs one `stat`."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - cheaper, at each request
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                self._said = self._read(Path(self._path).read_text(encoding="utf-8"))
                settled = time.time_ns() - found.st_mtime_ns > _TICK_NS
                self._seen = seen if settled else None
        except (OSError, ValueError):
            self._seen, self._said = None, self._otherwise
        return self._said
