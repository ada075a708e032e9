"""Every test begins with the databases as they were when the site had started."""

import pytest

from testing.conftest import Run


pytest_plugins = ["pytester"]

SHOP = {
    "site.toml": 'name = "shop"\n',
    "services/catalog/service.toml": """
        route = "/"
        [databases]
        main = "postgresql"
        cache = "redis"
        [tasks]
        migrate = "python fill.py"
        """,
    "services/catalog/fill.py": """
        import os
        import psycopg

        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("create table if not exists teas (name text)")
            connection.execute("insert into teas values ('black')")
        connection.close()
        """,
    "services/catalog/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)
        asked = 0

        @app.route("/teas/<name>", methods=["GET", "POST"])
        def teas(name):
            global asked
            asked += 1
            databases.cache.rpush("seen", name)
            with databases.main.connection() as connection:
                if name != "none":
                    connection.execute("insert into teas values (%s)", [name])
                rows = connection.execute("select name from teas").fetchall()
            seen = [each.decode() for each in databases.cache.lrange("seen", 0, -1)]
            return {"teas": sorted(row[0] for row in rows), "seen": seen, "asked": asked}

        @app.post("/drop")
        def drop():
            with databases.main.connection() as connection:
                connection.execute("drop table teas")
            return {}
        """,
}


@pytest.mark.timeout(120)
def test_fresh_databases(users_tests: Run) -> None:
    """What the migration left is there, and nothing of the tests before, for whoever asks."""
    done = users_tests(
        SHOP
        | {
            "tests/test_teas.py": """
            import pytest

            def test_before(site):
                assert site.post("/teas/early").json["teas"] == ["black", "early"]

            @pytest.mark.parametrize("name", ["white", "green", "red"])
            def test_fresh(site, fresh_databases, name):
                found = site.post(f"/teas/{name}").json
                assert found["teas"] == sorted(["black", name])
                assert found["seen"] == [name]

            def test_even_without_the_table(site, fresh_databases):
                site.post("/drop")

            def test_the_table_is_back(site, fresh_databases):
                assert site.get("/teas/none").json["teas"] == ["black"]

            def test_a_fixture_may_fill_it(filled, site):
                assert site.get("/teas/none").json["teas"] == ["black", "oolong"]

            @pytest.fixture
            def filled(site, fresh_databases):
                site.post("/teas/oolong")

            def test_others_find_what_is_there(site):
                assert site.get("/teas/none").json["teas"] == ["black", "oolong"]

            def test_a_service_in_the_process_too(site, service, fresh_databases):
                client = service("catalog").client
                assert client.post("/teas/blue").json["teas"] == ["black", "blue"]
                assert site.get("/teas/none").json["teas"] == ["black", "blue"]

            def test_what_that_one_wrote_is_gone(site, fresh_databases):
                found = site.get("/teas/none").json
                assert found["teas"] == ["black"]
                assert found["asked"] > 5
            """
        }
    )

    done.assert_outcomes(passed=10)


@pytest.mark.timeout(120)
def test_every_test_can_be_made_to(users_tests: Run) -> None:
    """A setting makes each test fresh that uses the site, whatever comes first in it."""
    tests = {
        "tests/test_teas.py": """
            import pytest

            @pytest.fixture(autouse=True)
            def filled(site):
                site.post("/teas/oolong")

            @pytest.mark.parametrize("name", ["white", "green"])
            def test_fresh(site, name):
                found = site.post(f"/teas/{name}").json["teas"]
                assert found == sorted(["black", "oolong", name])
            """,
        "pytest.ini": "[pytest]\nglassware_fresh = true\n",
    }

    done = users_tests(SHOP | tests)

    done.assert_outcomes(passed=2)


@pytest.mark.timeout(120)
def test_a_service_and_its_databases_without_the_site(users_tests: Run) -> None:
    """Databases are up and migrated for a service in the process, and nothing else runs."""
    done = users_tests(
        SHOP
        | {
            "tests/test_teas.py": """
            import pytest

            @pytest.mark.parametrize("name", ["white", "green"])
            def test_fresh(service, fresh_databases, name):
                answer = service("catalog").client.post(f"/teas/{name}")
                assert answer.json["teas"] == sorted(["black", name])
                assert answer.json["seen"] == [name]

            @pytest.mark.parametrize("count", [1, 2])
            def test_not_fresh(service, site_databases, count):
                answer = service("catalog").client.post("/teas/oolong")
                assert answer.json["teas"].count("oolong") == count
            """
        }
    )

    done.assert_outcomes(passed=4)


@pytest.mark.timeout(120)
def test_a_failed_migration_is_told(users_tests: Run) -> None:
    """What the migration wrote reaches the test that wanted its database."""
    done = users_tests(
        SHOP
        | {
            "services/catalog/fill.py": "raise SystemExit('no tea left')",
            "tests/test_teas.py": """
            def test_fresh(service, fresh_databases):
                pass
            """,
        }
    )

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*no tea left*"])
