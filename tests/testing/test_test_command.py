"""`glassware test`: pytest for each service, in its own folder and Python."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


SITE = {
    ".env": "GREETING=hello\n",
    "services/storefront/service.toml": """
        calls = ["catalog"]

        [environment]
        THEME = "dark"
        CATALOG = "{services.catalog.url}"
        STORE = "{databases.main.url}"

        [databases]
        main = "postgresql"
        """,
    "services/storefront/storefront/__init__.py": """
        from flask import Flask
        from glassware import services

        app = Flask(__name__)

        @app.get("/")
        def index():
            return services.catalog.get("/").json()
        """,
    "services/storefront/tests/test_storefront.py": """
        import os
        from pathlib import Path

        import storefront

        def test_variables():
            assert os.environ["THEME"] == "dark"
            assert os.environ["GREETING"] == "hello"
            assert os.environ["GLASSWARE_SERVICE"] == "storefront"
            assert os.environ["SECRET_KEY"]
            late = {"CATALOG", "STORE", "DATABASE_URL", "PGHOST"}
            assert late.isdisjoint(os.environ)
            assert Path.cwd().name == "storefront"

        def test_fixtures(service, fake):
            fake("catalog").get("/", json=["vase"])
            assert service("storefront").client.get("/").json == ["vase"]
        """,
    "services/catalog/app.py": "from flask import Flask\napp = Flask(__name__)\n",
    "services/catalog/tests/test_catalog.py": """
        def test_passes():
            pass

        def test_fails():
            assert False
        """,
    "services/silent/app.py": "",
}


@pytest.fixture
def tested(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that need not run."""
    with ended(tmp_path / "site") as under_test:
        under_test.write(SITE)
        yield under_test


def test_each_service_in_turn(tested: SiteUnderTest) -> None:
    """Each in its folder, with its variables; one failure is one of all."""
    done = tested.run("test")

    assert done.returncode == 1
    assert done.stderr.split() == ["catalog", "storefront"]
    assert "1 failed, 1 passed" in done.stdout
    assert "2 passed" in done.stdout


def test_single_services_and_words_for_pytest(tested: SiteUnderTest) -> None:
    """What follows `--` is pytest's."""
    assert tested.run("test", "storefront").returncode == 0
    done = tested.run("test", "catalog", "--", "-k", "passes")

    assert done.returncode == 0
    assert done.stderr.split() == ["catalog"]
    assert "1 passed, 1 deselected" in done.stdout


def test_what_the_terminal_has_wins(
    tested: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that somebody names is the one that tests get."""
    test = (
        'import os\n\ndef test_it():\n    assert os.environ["STORE"] == "sqlite://"\n'
    )
    tested.write({"services/storefront/tests/test_storefront.py": test})
    monkeypatch.setenv("STORE", "sqlite://")

    assert tested.run("test", "storefront").returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["catlog"], "`catlog` is no service of this site; did you mean `catalog`?"),
        (["silent"], "there are no tests"),
    ],
)
def test_nothing_to_test(tested: SiteUnderTest, words: list[str], said: str) -> None:
    """The error says what is missing."""
    done = tested.run("test", *words)

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.timeout(180)
def test_a_service_with_requirements_of_its_own(tested: SiteUnderTest) -> None:
    """Its tests run with its versions, and have the fixtures all the same."""
    tested.write(
        {
            "services/old/service.toml": 'calls = ["catalog"]\n',
            "services/old/requirements.txt": "flask==3.0.3\n",
            "services/old/app.py": """
                from importlib.metadata import version
                from flask import Flask
                from glassware import services

                app = Flask(__name__)

                @app.get("/")
                def index():
                    said = services.catalog.get("/").json()
                    return {"flask": version("flask"), "catalog": said}
                """,
            "services/old/tests/test_old.py": """
                def test_old(service, fake):
                    fake("catalog").get("/", json=["vase"])
                    answer = service("old").client.get("/").json
                    assert answer == {"flask": "3.0.3", "catalog": ["vase"]}
                """,
        }
    )
    tested.run("install")
    assert "without pytest" in tested.run("test", "old").stderr

    tested.write({"services/old/requirements.txt": "flask==3.0.3\npytest\n"})
    installed = tested.run("install")
    assert installed.returncode == 0, installed.stderr
    done = tested.run("test", "old")
    assert done.returncode == 0, done.stdout

    tested.write(
        {
            "services/old/tests/test_old.py": """
            def test_site(site):
                pass

            def test_others(service):
                service("catalog")
            """
        }
    )
    done = tested.run("test", "old")
    assert "the site runs with glassware's own Python" in done.stdout
    assert "cannot be loaded into the environment of another" in done.stdout
