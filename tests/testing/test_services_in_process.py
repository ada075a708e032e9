"""The fixture `service`: services of the site in the process of a test."""

import pytest

from testing.conftest import Run


pytest_plugins = ["pytester"]

PLAIN = """
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]
    """
SITE = {
    "site.toml": 'name = "shop"\n',
    ".env": "GREETING=hello\n",
    "services/storefront/service.toml": """
        route = "/"
        calls = ["catalog", "reviews"]

        [environment]
        THEME = "dark"
        KEY = "{secret.STRIPE}"
        """,
    "services/storefront/storefront/__init__.py": """
        import os
        from pathlib import Path
        from flask import Flask
        from glassware import services

        AT_IMPORT = os.environ["THEME"]

        def create_app():
            app = Flask(__name__)
            app.config["MADE"] = []

            @app.get("/")
            def index():
                return {
                    "theme": [AT_IMPORT, os.environ["THEME"]],
                    "service": os.environ["GLASSWARE_SERVICE"],
                    "greeting": os.environ["GREETING"],
                    "folder": Path("here.txt").read_text(),
                }

            @app.get("/vase")
            def vase():
                return services.catalog.get("/vase").json()

            @app.get("/reviews")
            def reviews():
                return services.reviews.get("/", fallback=[]).json()

            return app
        """,
    "services/storefront/here.txt": "storefront",
    "services/catalog/service.toml": """
        calls = ["prices"]

        [databases]
        main = "postgresql"
        """,
    "services/catalog/app.py": """
        import os
        from flask import Flask
        from glassware import databases, services

        app = Flask(__name__)

        @app.get("/vase")
        def vase():
            price = services.prices.get("/price", params={"of": "vase"}).json()
            return {"service": app.name, "price": price}

        @app.get("/not-allowed")
        def not_allowed():
            return services.storefront.get("/").json()

        @app.get("/stock")
        def stock():
            with databases.main.connection() as db:
                return {"one": db.execute("select 1").fetchone()[0]}
        """,
    "services/prices/app.py": """
        from flask import Flask, request

        app = Flask(__name__)

        @app.get("/price")
        def price():
            return {"of": request.args["of"], "price": 7}
        """,
    "services/reviews/app.py": "from flask import Flask\napp = Flask(__name__)\n",
    "services/plain/wsgi.py": PLAIN,
    "services/later/asgi.py": "async def app(scope, receive, send): pass\n",
    "services/program/service.toml": 'command = "sleep 60"\n',
}
NEVER_READY = ("services/later", "services/program")


def test_a_service_as_the_worker_loads_it(users_tests: Run) -> None:
    """With its own name, variables and folder; a factory makes an app for each test."""
    done = users_tests(
        SITE
        | {
            "services/storefront/tests/test_storefront.py": """
            import os, sys
            from flask.testing import FlaskClient

            BEFORE = dict(os.environ), os.getcwd()

            def test_itself(service):
                answer = service("storefront").client.get("/")
                assert answer.json == {
                    "theme": ["dark", "dark"],
                    "service": "storefront",
                    "greeting": "hello",
                    "folder": "storefront",
                }

            def test_flask(service):
                storefront = service("storefront")
                assert isinstance(storefront.client, FlaskClient)
                assert storefront.app.config["MADE"] == []
                storefront.app.config["MADE"].append(1)
                assert service("storefront") is storefront
                assert storefront.app.test_client().get("/").status_code == 200

            def test_anew(service):
                assert service("storefront").app.config["MADE"] == []

            def test_other_variables(service):
                storefront = service("storefront", environment={"THEME": "light"})
                assert storefront.client.get("/").json["theme"] == ["dark", "light"]
                assert storefront.environment["THEME"] == "light"

            def test_nothing_is_left():
                before, folder = BEFORE
                changed = {n for n in os.environ if os.environ[n] != before.get(n)}
                assert changed <= {"PYTEST_CURRENT_TEST"}
                assert os.environ.keys() == before.keys() | {"PYTEST_CURRENT_TEST"}
                assert os.getcwd() == folder
                assert not any("storefront" in entry for entry in sys.path[:2])
            """
        },
        "--import-mode=importlib",
    )

    done.assert_outcomes(passed=5)


def test_services_call_each_other(users_tests: Run) -> None:
    """Each with its own name and permissions, whoever else is loaded."""
    done = users_tests(
        SITE
        | {
            "tests/test_three.py": """
            def test_three(service, assert_calls):
                storefront = service("storefront")
                service("prices"), service("catalog")
                with assert_calls(max=2) as calls:
                    answer = storefront.client.get("/vase")
                price = {"of": "vase", "price": 7}
                assert answer.json == {"service": "catalog", "price": price}
                assert calls.lines() == [
                    "  GET catalog /vase -> 200",
                    "    GET prices /price -> 200",
                ]

            def test_permissions_hold(service):
                service("storefront")
                answer = service("catalog").client.get("/not-allowed")
                assert answer.status_code in {500, 502}

            def test_the_test_itself_calls_as_the_first(service):
                from glassware import services
                service("storefront"), service("catalog"), service("prices")
                assert services.catalog.get("/vase").json()["price"]["price"] == 7
            """
        }
    )

    done.assert_outcomes(passed=3)


def test_whoever_is_not_there_is_refused(users_tests: Run) -> None:
    """With both ways out; a fallback does not hide it."""
    done = users_tests(
        SITE
        | {
            "tests/test_refused.py": """
            def test_refused(service):
                assert service("storefront").client.get("/reviews").json == []

            def test_faked(service, fake):
                fake("reviews").get("/", json=["good"])
                assert service("storefront").client.get("/reviews").json == ["good"]

            def test_refused_as_before(service):
                service("storefront").client.get("/reviews")
            """
        }
    )

    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(
        [
            "*`storefront` called `GET /` of `reviews`, which is not here*",
            '*hint: `fake("reviews")` stands in for it, `service("reviews")` loads it*',
        ]
    )


def test_databases_come_from_the_running_site(users_tests: Run) -> None:
    """Without it the error says what to do."""
    done = users_tests(
        {name: text for name, text in SITE.items() if not name.startswith(NEVER_READY)}
        | {
            "secrets.toml": "STRIPE = 'none'\n",
            "tests/test_stock.py": """
            def test_with(service, site):
                assert service("catalog").client.get("/stock").json == {"one": 1}

            def test_without(service):
                assert service("catalog").client.get("/stock").status_code == 200
            """,
        }
    )

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*the database `main` does not run*fixture `site`*"])
    done.stdout.fnmatch_lines(["*databases of `catalog` (`main`) are there only*"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("catlog", "*`catlog` is no service of this site (there is `catalog`*"),
        ("program", "*`program` is a program*the fixture `site` runs it*"),
        ("later", "*`later` is an ASGI application*the fixture `site` runs it*"),
        ("reports", "*`reports` has requirements of its own*glassware test reports*"),
    ],
)
def test_what_cannot_be_loaded(users_tests: Run, name: str, said: str) -> None:
    """The error names what can be done."""
    done = users_tests(
        SITE
        | {
            "services/reports/app.py": "",
            "services/reports/requirements.txt": "nothing\n",
            "tests/test_it.py": f"def test_it(service): service('{name}')\n",
        }
    )

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([said])


def test_other_frameworks(users_tests: Run) -> None:
    """Any WSGI application has Werkzeug's client."""
    done = users_tests(
        SITE
        | {
            "tests/test_plain.py": """
            def test_plain(service):
                assert service("plain").client.get("/where").text == "/where"
            """
        }
    )

    done.assert_outcomes(passed=1)


def test_two_services_with_a_module_of_one_name(users_tests: Run) -> None:
    """Neither silently gets the other's."""
    using = "import models\nfrom flask import Flask\napp = Flask(__name__)\n"
    done = users_tests(
        {
            "services/one/app.py": using,
            "services/one/models.py": "",
            "services/two/app.py": using,
            "services/two/models.py": "",
            "tests/test_two.py": """
            def test_one(service):
                service("one")

            def test_two(service):
                service("two")
            """,
        }
    )

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*`two` and `one` both have a module `models`*"])


def test_modules_that_import_what_the_entry_file_has(users_tests: Run) -> None:
    """`app` means the service's own file, whichever was loaded before."""
    done = users_tests(
        {
            f"services/{name}/{file}": text
            for name in ("one", "two")
            for file, text in {
                "app.py": f"""
                    from flask import Flask
                    app = Flask(__name__)
                    NAME = "{name}"
                    import pages_of_{name}
                    """,
                f"pages_of_{name}.py": """
                    from app import NAME, app

                    @app.get("/")
                    def index():
                        return NAME
                    """,
            }.items()
        }
        | {
            "tests/test_two.py": """
            def test_two(service):
                assert service("one").client.get("/").text == "one"
                assert service("two").client.get("/").text == "two"

            def test_again(service):
                assert service("two").client.get("/").text == "two"
            """
        }
    )

    done.assert_outcomes(passed=2)


def test_the_plug_in_is_light(users_tests: Run) -> None:
    """Whoever has glassware and does not use its fixtures pays for nothing."""
    done = users_tests(
        {
            "test_light.py": """
            import sys

            def test_light():
                ours = {m for m in sys.modules if m.startswith("glassware")}
                assert ours == {
                    "glassware", "glassware.testing", "glassware.testing.plugin"
                }
                assert "werkzeug" not in sys.modules
            """
        }
    )

    done.assert_outcomes(passed=1)
