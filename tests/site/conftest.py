"""Fixtures of the tests that run whole sites."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that is ended with the test, and has to leave nothing behind."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of the loopback that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken
