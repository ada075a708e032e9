"""Fixtures of the tests of applications that nobody changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sites import SiteUnderTest
from waiting import until


Running = Callable[..., SiteUnderTest]


@contextmanager
def _ended(folder: Path) -> Iterator[SiteUnderTest]:
    """Give a site that is not up yet; end it, and see that nothing is left."""
    folder.mkdir()
    site = SiteUnderTest(folder)
    try:
        yield site
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()
        until(lambda: not site.processes(), "the end of every process of the site")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site of one test."""
    with _ended(tmp_path / "site") as under_test:
        yield under_test


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A function that runs a site until the module's last test has ended."""
    with ExitStack() as sites:

        def run(files: Mapping[str, str], *arguments: str) -> SiteUnderTest:
            folder = tmp_path_factory.mktemp("site") / "site"
            under_test = sites.enter_context(_ended(folder))
            under_test.write(files)
            under_test.up(*arguments)
            return under_test

        yield run
