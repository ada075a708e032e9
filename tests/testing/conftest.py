"""Fixtures of the tests that run the tests of users."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from sites import SiteUnderTest
from waiting import until


Run = Callable[..., pytest.RunResult]


@pytest.fixture
def users_site(pytester: pytest.Pytester) -> Iterator[SiteUnderTest]:
    """A site in pytester's folder, for its author's tests; it need not run."""
    site = SiteUnderTest(pytester.path)
    yield site
    if site.process is not None and site.process.poll() is None:
        site.stop()
    until(lambda: not site.processes(), "the end of every process of the site")


@pytest.fixture
def users_tests(
    pytester: pytest.Pytester,
    users_site: SiteUnderTest,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Write files into the site, and run pytest there as its author does."""
    # pytest says more where it is told of continuous integration.
    monkeypatch.delenv("CI", raising=False)

    def run(files: Mapping[str, str], *arguments: str) -> pytest.RunResult:
        users_site.write(files)
        return pytester.runpytest_subprocess(*arguments)

    return run
