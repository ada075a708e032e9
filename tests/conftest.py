"""What every test gets: a clean environment, and a check that nothing is left."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from waiting import children, until


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test without the variables that change what is tested."""
    for name in tuple(os.environ):
        if name.startswith(("GLASSWARE_", "FLASK_", "PYTHONDONTWRITE")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaves a process, a thread or a descriptor behind."""
    before = (children(), set(threading.enumerate()), _open_files())
    yield
    until(lambda: children() <= before[0], "the end of every child process")
    until(lambda: _threads() <= before[1], "the end of every thread")
    until(lambda: _open_files() <= before[2], "every close")


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if not t.daemon}
