"""The pytest plug-in: fixtures for the tests of services.

pytest loads it in every run of an environment that has glassware, so that
nothing else is imported here before a fixture is used.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest


if TYPE_CHECKING:
    from .bench import Bench
    from .calls import Calls
    from .fake import Fake
    from .loadable import Description
    from .run import Run
    from .services import Services
    from .site import Site
    from .site_databases import SiteDatabases

ASKING = pytest.StashKey[Path]()
SITE = pytest.StashKey["Site"]()
DATABASES = pytest.StashKey["SiteDatabases"]()
BENCH = pytest.StashKey["Bench"]()
_DATABASES = frozenset({"site_databases", "fresh_databases"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    text = "Let services of one group call each other over the wire."
    group = parser.getgroup("glassware", "glassware")
    group.addoption("--glassware-wire", action="store_true", help=text)
    parser.addini("glassware_wire", text, type="bool", default=False)
    text = "Bring the site's databases back before each test that uses it."
    group.addoption("--glassware-fresh", action="store_true", help=text)
    parser.addini("glassware_fresh", text, type="bool", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember whose site is meant, and where its output begins."""
    item.config.stash[ASKING] = item.path.parent
    stash = item.config.stash
    for databases in (stash.get(SITE, None), stash.get(DATABASES, None)):
        if databases is not None:
            databases.begin_test()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test in which something was called that is nowhere declared."""
    try:
        result = yield
    except (Exception, pytest.fail.Exception) as error:
        for complaint in _complaints(item):
            error.add_note(f"glassware: {complaint}")
        raise
    if found := _complaints(item):
        pytest.fail("\n".join(found), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Show what the site wrote during a test that failed."""
    report = yield
    site = item.config.stash.get(SITE, None)
    uses = "site" in getattr(item, "fixturenames", ())
    if report.failed and site is not None and uses and (said := site.said()):
        report.sections.append((f"Output of the site during {call.when}", said))
    if report.failed and (bench := item.stash.get(BENCH, None)) is not None:
        report.sections += [("glassware", hint) for hint in bench.hints()]
    return report


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> "Iterator[Site]":
    """The real site of this folder, running beside the one you may have running."""
    wire = _asked_for(request.config, "glassware_wire")
    with _running(request.config, wire=wire) as run:
        from .site import Site  # noqa: PLC0415

        stash = request.config.stash
        stash[SITE] = Site(run)
        if any(_begins_fresh(item, "site") for item in request.session.items):
            # Before the first test, whether or not it is one of these.
            stash[SITE].mark()
        yield stash[SITE]
        del stash[SITE]


@pytest.fixture(scope="session")
def site_databases(request: pytest.FixtureRequest) -> "Iterator[SiteDatabases]":
    """The databases of this folder's site, migrated; of the site nothing else runs."""
    with _running(request.config, data_only=True) as run:
        from .site_databases import SiteDatabases  # noqa: PLC0415

        stash = request.config.stash
        stash[DATABASES] = SiteDatabases(run)
        if any(_begins_fresh(item, "site_databases") for item in request.session.items):
            stash[DATABASES].mark()
        yield stash[DATABASES]
        del stash[DATABASES]


@pytest.fixture(autouse=True)
def _glassware_fresh(request: pytest.FixtureRequest) -> None:
    # By itself it comes before whatever else puts something into a database.
    for name in ("site", "site_databases"):
        if _begins_fresh(request.node, name):
            _bring_back(request.getfixturevalue(name))


@pytest.fixture
def fresh_databases(request: pytest.FixtureRequest) -> "SiteDatabases":
    """The site's databases are what they were when they had been migrated."""
    name = _databases_of(request.node) or "site_databases"
    databases: SiteDatabases = request.getfixturevalue(name)
    if not databases.is_fresh:
        _bring_back(databases)
    return databases


@pytest.fixture
def _glassware_bench(request: pytest.FixtureRequest) -> "Iterator[Bench]":
    from .bench import Bench  # noqa: PLC0415

    name = _databases_of(request)
    databases = request.getfixturevalue(name) if name else None
    bench = Bench(
        describe=lambda: _describe(request.node),
        site=databases if name == "site" else None,
        databases=databases,
    )
    request.node.stash[BENCH] = bench
    bench.begin()
    yield bench
    bench.end()


@pytest.fixture
def fake(_glassware_bench: "Bench") -> "Callable[[str], Fake]":
    """A neighbour that answers what the test declares: `fake("reviews")`."""
    return _glassware_bench.fake


@pytest.fixture
def service(_glassware_bench: "Bench") -> "Services":
    """A service of this site in the process of the test: `service("catalog")`."""
    from .services import Services  # noqa: PLC0415

    return Services(_glassware_bench)


@pytest.fixture
def assert_calls(_glassware_bench: "Bench") -> "Callable[..., Calls]":
    """Counts the calls that services make, and fails where there are too many."""
    from .calls import Calls  # noqa: PLC0415

    def assert_calls(max: int | None = None) -> Calls:  # noqa: A002
        return Calls(_glassware_bench.test, max)

    return assert_calls


def _complaints(item: pytest.Item) -> list[str]:
    bench = item.stash.get(BENCH, None)
    return [] if bench is None else list(bench.complaints())


def _describe(item: pytest.Item) -> "Description":
    try:
        from .described import describe  # noqa: PLC0415
    except ImportError:
        # In a service's own environment, which has no more than the worker needs.
        from .alone import Alone  # noqa: PLC0415

        return Alone(item.config.invocation_params.dir)
    return describe(item.path.parent)


def _asked_for(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(name) or config.getini(name))


def _databases_of(item: "pytest.Item | pytest.FixtureRequest") -> str:
    """Return the fixture that gives a test its databases; empty: it has none."""
    used = getattr(item, "fixturenames", ())
    if "site" in used:
        return "site"
    # Without the site they come up sooner.
    return "site_databases" if _DATABASES.intersection(used) else ""


def _begins_fresh(item: pytest.Item, name: str) -> bool:
    """Tell whether a test begins with databases of `name` that nobody wrote to."""
    fresh = "fresh_databases" in getattr(item, "fixturenames", ())
    return _databases_of(item) == name and (
        fresh or _asked_for(item.config, "glassware_fresh")
    )


def _bring_back(databases: "SiteDatabases") -> None:
    from glassware.errors import GlasswareError  # noqa: PLC0415

    try:
        databases.rewind()
    except GlasswareError as error:
        said = f"the databases cannot be brought back: {error.message}"
        raise pytest.fail.Exception(said, pytrace=False) from None


@contextmanager
def _running(config: pytest.Config, **options: bool) -> "Iterator[Run]":
    """Run the site of the test that asked first; see `run.running`."""
    from glassware.errors import GlasswareError  # noqa: PLC0415

    try:
        from glassware.manifest import find_site  # noqa: PLC0415

        from .run import running  # noqa: PLC0415
    except ImportError as error:
        said = f"the site runs with glassware's own Python: {error}"
        raise pytest.fail.Exception(said, pytrace=False) from None
    try:
        with running(find_site(config.stash[ASKING]), **options) as run:
            yield run
    except GlasswareError as error:
        hint = f"\n\nhint: {error.hint}" if error.hint else ""
        raise pytest.fail.Exception(f"{error.message}{hint}", pytrace=False) from None
