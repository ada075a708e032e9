"""Fixtures of the tests that try what the pages say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest
from waiting import until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that is ended with the test, and has to leave nothing behind."""
    under_test = SiteUnderTest(tmp_path / "site")
    under_test.folder.mkdir()
    yield under_test
    if under_test.process is not None and under_test.process.poll() is None:
        under_test.stop()
    until(lambda: not under_test.processes(), "the end of every process of the site")
