"""Workers from one zygote for each module, and a folder with a short path."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.worker_process import Starter, Zygote, become_subreaper


@pytest.fixture(scope="module", autouse=True)
def adopting() -> Iterator[None]:
    """Make this process the parent of its descendants' orphans, as a supervisor is."""
    become_subreaper(1)
    yield
    become_subreaper(0)


@pytest.fixture(scope="module")
def zygote(adopting: None) -> Iterator[Zygote]:
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
