"""Compiled code is kept only of files whose next version cannot be taken for them.

Python knows a compiled file's source by its size and the whole second in which
it was written. Two saves within one second, of the same length, would leave the
compiled code of the first in the place of the second, until the next save.
"""

import os
import time
from importlib.machinery import SourceFileLoader


SETTLED = 2.0
"""Seconds after which the next save of a file has another time."""

_write = SourceFileLoader.set_data


def keep_only_settled() -> None:
    """Compile files that were saved just now without keeping the result."""
    SourceFileLoader.set_data = _write_settled  # type: ignore[assignment,method-assign]


def _write_settled(
    loader: SourceFileLoader, path: str, data: bytes, *, _mode: int = 0o666
) -> None:
    try:
        age = time.time() - os.stat(loader.path).st_mtime  # noqa: PTH116 - a `str`
    except OSError:
        return
    if age >= SETTLED:
        _write(loader, path, data, _mode=_mode)
