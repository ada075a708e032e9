"""The ends of sign-ins, as whoever runs the site sees to them."""

import json
import os
import time
from pathlib import Path

from glassware.files import write_whole
from glassware.visitors import locked


def prune(path: Path, now: float | None = None) -> None:
    """Forget the ends of sign-ins that would be over by themselves.

    Whatever is appended meanwhile is kept.

    Args:
        path: The file `revocations`; it need not exist.
        now: The epoch second; `None`: this one.

    Raises:
        OSError: It cannot be written; all is as it was.
    """
    limit = time.time() if now is None else now
    if not path.exists():
        return
    descriptor = locked(path)
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            lines = file.read().splitlines(keepends=True)
        kept = [line for line in lines if _until(line) > limit]
        if kept != lines:
            write_whole(path, b"".join(kept).decode(), mode=0o600)
    finally:
        os.close(descriptor)


def _until(line: bytes) -> float:
    try:
        return float(json.loads(line)["until"])
    except (ValueError, KeyError, TypeError):
        # Half a line of a machine that lost power.
        return 0.0


def count(path: Path) -> int:
    """Return how many ends of sign-ins the file holds; it need not exist."""
    try:
        return len(path.read_bytes().splitlines())
    except FileNotFoundError:
        return 0
