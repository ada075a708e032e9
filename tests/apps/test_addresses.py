"""Programs that know only hosts and ports find each other, unchanged."""

import socket
import sys

import pytest

from kernel import need_host_names


ASKS = """
    import json
    import os
    import urllib.request

    from flask import Flask

    app = Flask(__name__)


    def fetch(url):
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)


    @app.get("/whole")
    def whole():
        return fetch(os.environ["USERS_API"] + "/users/7")


    @app.get("/parts")
    def parts():
        return fetch(f"http://{os.environ['UHOST']}:{os.environ['UPORT']}/users/7")


    @app.get("/programs")
    def programs():
        return [fetch(os.environ["FIRST"]), fetch(os.environ["SECOND"])]


    @app.get("/by-name")
    def by_name():
        return fetch(f"http://users:{os.environ['UPORT']}/users/7")
    """
USERS = """
    from flask import Flask, request

    app = Flask(__name__)


    @app.get("/users/<int:id>")
    def user(id):
        return {"id": id, "host": request.host, "script": request.script_root}
    """
# The port is written into the program, and only its host can be set.
PROGRAM = """
    import json
    import os
    from http.server import BaseHTTPRequestHandler, HTTPServer


    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps([os.environ["HOST"], self.server.server_port]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


    HTTPServer((os.environ["HOST"], PORT), Handler).serve_forever()
    """


def free_port():
    """A port that nobody has, on any address of the loopback."""
    with socket.create_server(("0.0.0.0", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def port():
    """The port that two programs insist on."""
    return free_port()


@pytest.fixture(scope="module")
def site(running, port):
    """A site whose services read addresses, in whole or in parts."""
    program = PROGRAM.replace("PORT)", f"{port})")
    manifest = f"""
        route = "/NAME"
        command = "{sys.executable} server.py"

        [address]
        host = "own"
        port = {port}
        """
    return running(
        {
            "services/asks/app.py": ASKS,
            "services/asks/service.toml": """
                route = "/"
                calls = ["users", "first", "second"]

                [environment]
                USERS_API = "{services.users.url}"
                UHOST = "{services.users.host}"
                UPORT = "{services.users.port}"
                FIRST = "{services.first.url}"
                SECOND = "{services.second.url}"
                """,
            "services/users/app.py": USERS,
            "services/users/service.toml": """
                route = "/people"

                [address]
                names = ["users"]
                """,
            "services/first/server.py": program,
            "services/first/service.toml": manifest.replace("NAME", "first"),
            "services/second/server.py": program,
            "services/second/service.toml": manifest.replace("NAME", "second"),
        }
    )


@pytest.mark.parametrize("path", ["/whole", "/parts"])
def test_variables_name_a_neighbour_in_whole_or_in_parts(site, path):
    """The author chooses the names; an application listens there over plain TCP."""
    assert site.get(path).json()["id"] == 7


def test_two_programs_may_insist_on_the_same_port(site, port):
    """Each has a loopback address of its own, the same one for every caller."""
    first, second = site.get("/programs").json()

    assert first[1] == second[1] == port
    assert first[0] != second[0]
    assert {first[0].split(".")[0], second[0].split(".")[0]} == {"127"}


def test_programs_with_their_own_port_are_public_as_declared(site, port):
    """The gateway reaches them there."""
    assert site.get("/first/").json() == [site.get("/programs").json()[0][0], port]


def test_a_host_name_that_is_written_into_code_resolves(site):
    """`http://users:…` leads to the service, for this site alone."""
    need_host_names()
    answer = site.get("/by-name").json()

    assert answer["id"] == 7
    assert answer["host"].startswith("users:")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("users", 80)
