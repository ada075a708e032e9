"""An engine of somebody else: a distribution beside glassware, and nothing more."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest
from waiting import until


pytest_plugins = ["pytester"]

PLUGIN = Path(__file__).parents[1] / "plugins" / "shelf"
DISTRIBUTION = {
    "METADATA": "Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n",
    "entry_points.txt": (
        "[glassware.engines]\nshelf = shelf.engine:engine\n\n"
        "[glassware.clients]\nshelf = shelf.client\n"
    ),
}
AUTHORS_TESTS = """
from glassware.testing.engines import (
    FreshConformance, PasswordConformance, ServerConformance, Subject
)
from shelf.client import Shelf
from shelf.engine import engine


class TestShelf(ServerConformance, PasswordConformance, FreshConformance):
    subject = Subject(
        engine=engine,
        keep=lambda url, value: Shelf(url).append(value),
        kept=lambda url: Shelf(url).all(),
        refusals=(PermissionError,),
    )
"""
SITE = {
    "site.toml": 'name = "library"\n',
    "services/books/service.toml": """
        route = "/"
        [databases]
        main = "shelf"
        """,
    "services/books/app.py": """
        import os
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)

        @app.post("/<name>")
        def put(name):
            databases.main.append(name)
            return {}

        @app.get("/")
        def books():
            offered = os.environ["SHELF_URL"] == databases.url("main")
            return {"books": databases.main.all(), "offered": offered}
        """,
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the plug-in where Python finds it, and nothing else."""
    folder = tmp_path / "installed"
    shutil.copytree(PLUGIN, folder / "shelf")
    described = folder / "shelf-1.0.dist-info"
    described.mkdir()
    for name, text in DISTRIBUTION.items():
        (described / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def site(tmp_path: Path, installed: Path) -> Iterator[SiteUnderTest]:
    """A site whose service has chosen the plug-in's engine."""
    site = SiteUnderTest(tmp_path / "library")
    site.write(SITE)
    yield site
    if site.process is not None:
        site.stop()
    until(lambda: not site.processes(), "the end of every process of the site")


@pytest.mark.timeout(120)
def test_its_author_runs_the_same_promises(
    pytester: pytest.Pytester, installed: Path
) -> None:
    """Ours is the suite of everybody who writes an engine, in a module of one class."""
    pytester.makepyfile(test_shelf=AUTHORS_TESTS)

    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    outcomes = done.parseoutcomes()
    assert outcomes.pop("passed") > 35
    assert not outcomes


@pytest.mark.timeout(120)
def test_a_promise_that_is_broken_is_found(
    pytester: pytest.Pytester, installed: Path
) -> None:
    """An engine that forgets what it was told to keep fails, and shows what it had."""
    engine = installed / "shelf" / "server.py"
    text = engine.read_text()
    engine.write_text(text.replace("[*self.read(), value]", "[value]"))
    pytester.makepyfile(test_shelf=AUTHORS_TESTS)

    done = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-k", "rewinds_to_the_mark"
    )

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*assert?*milk*tea*milk*"])


def test_a_service_chooses_it(site: SiteUnderTest) -> None:
    """It is started, offered, opened, kept and told of like an engine of ours."""
    assert site.run("check").returncode == 0
    site.up()
    site.get("/emma", "POST")
    assert site.get("/").json() == {"books": ["emma"], "offered": True}
    engine = site.snapshot()["engines"][0]
    assert (engine["engine"], engine["version"], engine["ready"]) == (
        "shelf",
        "1.0",
        True,
    )
    site.stop()
    site.up()
    assert site.get("/").json()["books"] == ["emma"]


def test_it_is_unknown_where_it_is_not_installed(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that names it is at fault, and is told what there is."""
    monkeypatch.delenv("PYTHONPATH")
    assert "PYTHONPATH" not in os.environ
    done = site.run("check")
    assert done.returncode != 0
    assert "`shelf` is no known engine" in done.stdout + done.stderr
