"""The fixture `site`: the real site, for a session of tests."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sites import SiteUnderTest
from testing.conftest import Run
from waiting import until


pytest_plugins = ["pytester"]

SHOP = {
    "site.toml": 'name = "shop"\n',
    "services/storefront/service.toml": 'route = "/"\ncalls = ["catalog"]\n',
    "services/storefront/app.py": """
        from flask import Flask, redirect, request, session
        from glassware import services

        app = Flask(__name__)
        app.config.from_prefixed_env()

        @app.get("/")
        def index():
            return services.catalog.get("/products").json()

        @app.get("/moved")
        def moved():
            return redirect("/")

        @app.route("/echo", methods=["POST", "PUT", "PATCH", "DELETE"])
        def echo():
            print("asked to", request.method)
            return {"method": request.method, "json": request.json}

        @app.get("/visits")
        def visits():
            session["visits"] = session.get("visits", 0) + 1
            return {"visits": session["visits"]}
        """,
    "services/catalog/service.toml": """
        [databases]
        kept = "redis"
        """,
    "services/catalog/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)

        @app.get("/products")
        def products():
            return {"products": ["vase"]}

        @app.post("/visits")
        def visits():
            return {"visits": databases.kept.incr("visits")}
        """,
}


def test_a_session_with_the_real_site(users_tests: Run) -> None:
    """Visitors, calls as a neighbour's, snapshot, logs and restart; all tests share it."""
    done = users_tests(
        SHOP
        | {
            "tests/test_shop.py": """
            import pytest

            @pytest.fixture(scope="session")
            def once(site):
                return site.snapshot()["pid"]

            def test_page(site):
                answer = site.get("/")
                assert (answer.status_code, answer.json) == (200, {"products": ["vase"]})
                assert site.get("/", query_string={"q": "ü"}).status_code == 200

            def test_not_followed(site):
                assert site.get("/moved").location == "/"
                assert site.get("/moved", follow_redirects=True).json["products"]

            @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
            def test_methods(site, method):
                answer = getattr(site, method)("/echo", json={"size": "ß" * 70_000})
                assert answer.json["method"] == method.upper()
                assert answer.json["json"] == {"size": "ß" * 70_000}

            def test_head(site):
                assert site.head("/").status_code == 200

            def test_internal(site):
                assert site.get("/products").status_code == 404
                assert site.service("catalog").get("/products").json()["products"]

            def test_the_same(site, once):
                assert site.snapshot()["pid"] == once

            def test_logs(site):
                assert "asked to PUT" in site.logs("storefront")

            def test_restart(site):
                def pids():
                    services = site.snapshot()["services"]
                    return {s["name"]: s["pids"] for s in services}
                before = pids()
                site.restart("catalog")
                assert pids()["catalog"] != before["catalog"]
                assert pids()["storefront"] == before["storefront"]
            """
        }
    )

    done.assert_outcomes(passed=11)


def test_every_test_is_a_new_visitor(users_tests: Run) -> None:
    """Cookies last for a test; `visitor()` keeps its own for as long as it is used."""
    done = users_tests(
        SHOP
        | {
            "tests/test_visits.py": """
            import pytest

            @pytest.fixture(scope="module")
            def known(site):
                return site.visitor()

            @pytest.mark.parametrize("time", [1, 2])
            def test_visits(site, known, time):
                assert site.get("/visits").json == {"visits": 1}
                assert site.get("/visits").json == {"visits": 2}
                assert known.get("/visits").json == {"visits": time}
            """
        }
    )

    done.assert_outcomes(passed=2)


def test_it_runs_beside_that_of_its_author(
    users_tests: Run, users_site: SiteUnderTest
) -> None:
    """Neither its address nor its data are those of the site that runs already."""
    visits = """
        def test_visits(site):
            assert site.service("catalog").post("/visits").json() == {"visits": 1}
            open("url", "w").write(site.url)
        """
    users_site.write(SHOP)
    users_site.up()
    for _ in range(2):
        users_site.run("call", "catalog", "/visits", "-X", "POST")

    done = users_tests({"services/catalog/tests/test_visits.py": visits})

    done.assert_outcomes(passed=1)
    assert (users_site.folder / "url").read_text() != users_site.url
    said = users_site.run("call", "catalog", "/visits", "-X", "POST").stdout
    assert json.loads(said) == {"visits": 3}


def test_databases_are_its_own_where_the_manifest_names_others(
    users_tests: Run,
) -> None:
    """What is kept on a server of somebody else's is out of reach for tests."""
    done = users_tests(
        SHOP
        | {
            "site.toml": '[engines.redis]\nurl = "redis://nobody@localhost:1"\n',
            "tests/test_visits.py": """
            def test_visits(site):
                assert site.service("catalog").post("/visits").json() == {"visits": 1}
            """,
        }
    )

    done.assert_outcomes(passed=1)


def test_what_it_wrote_is_shown_where_a_test_failed(users_tests: Run) -> None:
    """Of that test alone; one that passes shows nothing."""
    done = users_tests(
        SHOP
        | {
            "tests/test_echo.py": """
            def test_passes(site):
                assert site.put("/echo", json=1).json["json"] == 1

            def test_fails(site):
                assert site.patch("/echo", json=1).json["json"] == 2
            """
        }
    )

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*Output of the site during call*", "*asked to PATCH*"])
    done.stdout.no_fnmatch_line("*asked to PUT*")


def test_a_site_with_faults_fails_its_tests(users_tests: Run) -> None:
    """With what `glassware up` says of it, and no traceback of ours."""
    tests = {
        "tests/test_page.py": """
        def test_page(site):
            assert site.get("/").ok

        def test_none():
            pass
        """
    }

    done = users_tests(SHOP | tests | {"site.toml": "nme = 1\n"})

    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*site.toml:1: nme:*"])
    done.stdout.no_fnmatch_line("*glassware/testing*")


def test_a_service_that_does_not_start_fails_the_tests_that_use_the_site(
    users_tests: Run,
) -> None:
    """The report names it, and shows why."""
    done = users_tests(
        SHOP
        | {
            "services/catalog/app.py": "import nothing_of_that_name\n",
            "tests/test_page.py": "def test_page(site): site.get('/')\n",
        }
    )

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*`catalog` of the site * does not run*"])
    done.stdout.fnmatch_lines(["*No module named 'nothing_of_that_name'*"])


def test_a_database_that_was_not_fetched_fails_only_the_tests_that_need_it(
    users_tests: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They say what is missing at once; those of the other services pass."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = users_tests(
        SHOP
        | {
            "services/reviews/app.py": SHOP["services/catalog/app.py"],
            "services/reviews/service.toml": """
                [databases]
                main = "mongodb"
                """,
            "tests/test_page.py": """
                def test_page(site):
                    assert site.get("/").json == {"products": ["vase"]}

                def test_reviews(site, service):
                    service("reviews")
                """,
        }
    )

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*`reviews` does not run: *glassware install*"])


def test_nothing_is_left_of_it(users_tests: Run, users_site: SiteUnderTest) -> None:
    """No process, no folder; also none beside the manifests."""
    done = users_tests(
        SHOP
        | {
            "tests/test_kept.py": """
            import json

            def test_kept(site):
                site.get("/")
                kept = {"pid": site.snapshot()["pid"], "state": str(site.state)}
                open("kept.json", "w").write(json.dumps(kept))
            """
        }
    )

    done.assert_outcomes(passed=1)
    kept = json.loads((users_site.folder / "kept.json").read_text())
    assert not Path(f"/proc/{kept['pid']}").exists()
    assert not Path(kept["state"]).exists()
    assert not (users_site.folder / ".glassware").exists()


def test_it_ends_with_pytest(users_site: SiteUnderTest) -> None:
    """Also where somebody kills that."""
    users_site.write(
        SHOP
        | {
            "tests/test_stays.py": """
            import json
            import threading
            from pathlib import Path

            def test_stays(site):
                kept = {"pid": site.snapshot()["pid"], "state": str(site.state)}
                Path("kept.new").write_text(json.dumps(kept))
                Path("kept.new").rename("kept.json")
                threading.Event().wait()
            """
        }
    )
    file = users_site.folder / "kept.json"
    with subprocess.Popen(
        [sys.executable, "-m", "pytest"],
        cwd=users_site.folder,
        stdout=subprocess.DEVNULL,
    ) as tests:
        until(file.exists, "the start of the site", 50)
        kept = json.loads(file.read_text())
        supervisor = Path(f"/proc/{kept['pid']}")
        assert supervisor.exists()
        os.kill(tests.pid, signal.SIGKILL)

    until(lambda: not supervisor.exists(), "the end of the site", 20)
    shutil.rmtree(kept["state"])


@pytest.mark.parametrize("how", ["option", "setting", "neither"])
def test_grouped_services_over_the_wire(users_tests: Run, how: str) -> None:
    """A process for each of a group, where the author of the tests wants that."""
    wanted = {
        "site.toml": '[groups]\nweb = ["storefront", "catalog"]\n',
        "pytest.ini": "[pytest]\n" + "glassware_wire = true\n" * (how == "setting"),
        "tests/test_wire.py": f"""
        def test_wire(site):
            pids = {{s["name"]: s["pids"] for s in site.snapshot()["services"]}}
            apart = pids["storefront"] != pids["catalog"]
            assert apart is ({how!r} != "neither")
            assert site.get("/").json == {{"products": ["vase"]}}
        """,
    }

    done = users_tests(
        SHOP | wanted, *(["--glassware-wire"] if how == "option" else [])
    )

    done.assert_outcomes(passed=1)
