"""Fixtures of the tests that try to break what calls promise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that is ended with the test, and has to leave nothing behind."""
    with ended(tmp_path / "site") as under_test:
        yield under_test
