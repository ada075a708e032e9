"""A service with requirements of its own lives beside others that contradict them."""

import sys
from importlib.metadata import version

import pytest

from sites import ended


VERSIONS = """
    import sys
    from importlib.metadata import version

    from flask import Flask
    from glassware import services

    app = Flask(__name__)


    @app.get("/")
    def index():
        names = ("flask", "jinja2", "itsdangerous")
        return {name: version(name) for name in names} | {"prefix": sys.prefix}
    """
SITE = {
    "services/old/app.py": VERSIONS
    + """
    @app.get("/asks")
    def asks():
        return services.new.get("/").json()
    """,
    "services/old/requirements.txt": """
        flask==2.2.5
        werkzeug==2.2.3
        jinja2==3.0.3
        itsdangerous==2.0.1
        """,
    "services/old/service.toml": 'route = "/old"\ncalls = ["new"]\n',
    "services/new/app.py": VERSIONS
    + """
    @app.get("/asks")
    def asks():
        return services.old.get("/").json()
    """,
    "services/new/service.toml": 'route = "/new"\ncalls = ["old"]\n',
}
# No worker fits beside it: granian needs a newer one.
IMPOSSIBLE = {
    "services/older/app.py": VERSIONS,
    "services/older/requirements.txt": "click==7.1.2\n",
    "services/older/service.toml": 'route = "/older"\n',
}
PROGRAM = """
    import sys
    from http.server import BaseHTTPRequestHandler, HTTPServer


    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"answered by another interpreter")


    HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
    """
PINNED = {"flask": "2.2.5", "jinja2": "3.0.3", "itsdangerous": "2.0.1"}


@pytest.fixture(scope="module")
def site(running):
    """Two services that cannot share an environment."""
    return running(SITE, "install")


def test_a_service_runs_with_the_versions_that_it_pins(site):
    """In an environment in the site's state folder; its neighbour has the site's."""
    old, new = site.get("/old/").json(), site.get("/new/").json()

    assert PINNED.items() <= old.items()
    assert old["prefix"] == str(site.folder / ".glassware/envs/old")
    assert new["flask"] == version("flask") != PINNED["flask"]


def test_it_calls_and_is_called(site):
    """Environments are no borders for calls."""
    assert site.get("/old/asks").json()["flask"] == version("flask")
    assert site.get("/new/asks").json()["flask"] == PINNED["flask"]


def test_its_commands_are_those_of_its_environment(site):
    """`python` and `flask` are the service's own."""
    done = site.run("run", "old", "--", "flask", "--version")

    assert "Flask 2.2.5" in done.stdout


def test_its_commands_can_import_what_its_workers_can(site):
    """Such as a migration, of an application that imports glassware."""
    done = site.run("run", "old", "--", "flask", "routes")

    assert "/asks" in done.stdout, done.stderr


@pytest.fixture
def another(tmp_path):
    """A site of one test."""
    with ended(tmp_path / "another") as under_test:
        yield under_test


def test_requirements_that_leave_no_room_for_the_worker_are_refused(another):
    """The message has the way out, and no pin of the service was changed."""
    another.write(IMPOSSIBLE)

    refused = another.run("install")

    assert refused.returncode != 0
    assert "the environment of `older` cannot hold the worker" in refused.stderr
    assert "`command`" in refused.stderr.replace("\n", " ")


def test_what_holds_no_worker_runs_as_a_command(another):
    """Any interpreter will do; the port is a variable, in the command itself too."""
    another.write(IMPOSSIBLE)
    another.write(
        {
            "services/older/server.py": PROGRAM,
            "services/older/service.toml": f"""
                route = "/older"
                command = "{sys.executable} -S server.py $HOST ${{PORT}}"
                """,
        }
    )
    another.up()

    assert another.get("/older/").text == "answered by another interpreter"


def test_before_its_environment_is_made_the_way_to_it_is_told(another):
    """The site runs without the service; `check` says the same as the terminal."""
    another.write(SITE)

    checked = another.run("check")
    another.up()

    assert "glassware install old" in checked.stderr
    assert "glassware install old" in another.log.read_text()
    assert another.get("/new/").status == 200


def test_a_command_has_the_programs_of_the_service_s_own_venv(another):
    """An environment that its author made, in `.venv`, comes first on `PATH`."""
    another.write(
        {
            "services/older/.venv/bin/serve": f"""
                #!/bin/sh
                exec {sys.executable} -S server.py "$HOST" "$PORT"
                """,
            "services/older/server.py": PROGRAM,
            "services/older/service.toml": 'route = "/older"\ncommand = "serve"\n',
        }
    )
    (another.folder / "services/older/.venv/bin/serve").chmod(0o755)
    another.up()

    assert another.run("check").returncode == 0
    assert another.get("/older/").text == "answered by another interpreter"
