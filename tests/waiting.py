"""Waiting for what is to happen, with a deadline, and what a test leaves behind."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest


PATIENCE = 20.0


def until(
    condition: Callable[[], object], what: str = "it", patience: float = PATIENCE
) -> object:
    """Return what `condition` gives once it is true; fail after `patience`."""
    deadline = time.monotonic() + patience
    while not (result := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {patience:.0f} s")
        threading.Event().wait(0.01)
    return result


def children() -> set[int]:
    """Return the processes that this one is the parent of."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found |= set(map(int, (task / "children").read_text().split()))
        except OSError:
            continue
    return found


def open_files() -> int:
    """Return how many descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
