"""Fixtures of the tests that run whole sites."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest
from waiting import until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that is ended with the test, and has to leave nothing behind."""
    folder = tmp_path / "site"
    folder.mkdir()
    under_test = SiteUnderTest(folder)
    yield under_test
    if under_test.process is not None and under_test.process.poll() is None:
        under_test.stop()
    until(lambda: not under_test.processes(), "the end of every process of the site")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of the loopback that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken
