"""Fixtures of the tests of applications that nobody changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


Running = Callable[..., SiteUnderTest]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site of one test."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A function that runs a site until the module's last test has ended.

    It takes the files and, where there is one, a command to give before `up`.
    """
    with ExitStack() as sites:

        def run(files: Mapping[str, str], *first: str) -> SiteUnderTest:
            folder = tmp_path_factory.mktemp("site") / "site"
            under_test = sites.enter_context(ended(folder))
            under_test.write(files)
            if first:
                done = under_test.run(*first)
                assert done.returncode == 0, done.stderr
            under_test.up()
            return under_test

        yield run
