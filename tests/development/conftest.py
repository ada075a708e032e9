"""Sites and single workers in development."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended
from worker.worker_process import Starter, Zygote, become_subreaper


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site of one test."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """A zygote whose workers this process adopts."""
    become_subreaper(1)
    zygote = Zygote()
    yield zygote
    zygote.end()
    become_subreaper(0)


@pytest.fixture
def start(zygote: Zygote) -> Iterator[Starter]:
    """Starts workers, and ends them after the test."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    starter = Starter(folder, zygote)
    yield starter
    starter.end()
    shutil.rmtree(folder)
