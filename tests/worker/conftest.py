"""Workers from one zygote for each module, and a folder with a short path."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_process import Starter, Zygote


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """A zygote that the tests of a module share."""
    zygote = Zygote()
    yield zygote
    zygote.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="gw-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder: Path, zygote: Zygote) -> Iterator[Starter]:
    """Starts workers, and ends them after the test."""
    starter = Starter(folder, zygote)
    yield starter
    starter.end()
