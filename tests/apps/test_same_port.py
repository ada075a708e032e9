"""Programs that insist on one port of every address run side by side."""

import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassware.gateway import is_free
from kernel import need_host_names, need_networks, need_user_namespaces
from sites import SiteUnderTest, ended
from waiting import until


# Where it listens is written into the program.
PROGRAM = """
    import os
    import sys
    import urllib.request
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


    def fetch(url):
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()


    def count():
        import redis

        return str(redis.Redis.from_url(os.environ["REDIS_URL"]).incr("visits")).encode()


    ANSWERS = {
        "/name": lambda: b"THE_NAME",
        "/port": lambda: f"{os.environ['HOST']}:{os.environ['PORT']}".encode(),
        "/variable": lambda: fetch(os.environ["SECOND"] + "/name"),
        "/host-name": lambda: fetch("http://second.example:THE_PORT/name"),
        "/myself": lambda: fetch("http://127.0.0.1:THE_PORT/name"),
        "/site": lambda: fetch(os.environ["GLASSWARE_URL"] + "/second/name"),
        "/name-of-mine": lambda: fetch(os.environ["ASKS"] + "/who"),
        "/count": count,
        "/large": lambda: bytes(20_000_000),
    }


    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(ANSWERS[self.path]())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(str(len(body)).encode())

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


    class Server(ThreadingHTTPServer):
        allow_reuse_address = False


    Server(("0.0.0.0", THE_PORT), Handler).serve_forever()
    """
ASKS = """
    import os
    import urllib.request

    from flask import Flask, request

    from glassware import services

    app = Flask(__name__)


    @app.get("/who")
    def who():
        return request.environ["glassware.caller"]


    @app.get("/call")
    def call():
        return services.second.get("/name").text


    @app.get("/plain")
    def plain():
        with urllib.request.urlopen(os.environ["SECOND"] + "/name") as answer:
            return answer.read()
    """
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
WITHOUT_NETWORKS = (
    *("unshare", "--user", "--map-root-user", "--", "sh", "-c"),
    'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"',
    "sh",
)


def program(name: str, port: int, manifest: str = "") -> dict[str, str]:
    """Return the files of a service that insists on a port of every address."""
    folder = f"services/{name}"
    return {
        f"{folder}/server.py": PROGRAM.replace("THE_NAME", name).replace(
            "THE_PORT", f"{port}"
        ),
        f"{folder}/service.toml": f"""
            route = "/{name}"
            command = "{sys.executable} server.py"
            {manifest}
            [address]
            host = "0.0.0.0"
            port = {port}
            """,
    }


def free_port() -> int:
    """Return a port that nobody has, on any address."""
    with socket.create_server(("0.0.0.0", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def port() -> int:
    """The port that all programs insist on."""
    return free_port()


@contextmanager
def somewhere() -> Iterator[SiteUnderTest]:
    """Give a site whose runtime folder suits a user that only the test knows."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    with pytest.MonkeyPatch.context() as patch, ended(folder / "site") as site:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield site
    shutil.rmtree(folder)


@pytest.fixture
def fresh() -> Iterator[SiteUnderTest]:
    """A site of one test."""
    with somewhere() as site:
        yield site


@pytest.fixture(
    scope="module", params=[(), AS_SOMEBODY], ids=["as-myself", "as-somebody"]
)
def site(request: pytest.FixtureRequest, port: int) -> Iterator[SiteUnderTest]:
    """Two programs with one port, and an application that asks one of them."""
    need_user_namespaces() if request.param else need_networks()
    second = {"SECOND": '"{services.second.url}"'}
    environment = "\n".join(f"environment.{k} = {v}" for k, v in second.items())
    asks = 'calls = ["asks", "second"]\nenvironment.ASKS = "{services.asks.url}"'
    files = {
        **program("first", port, f"{asks}\n{environment}"),
        **program("second", port, 'databases.main = "redis"'),
        "services/asks/app.py": ASKS,
        "services/asks/service.toml": f"""
            route = "/asks"
            calls = ["second"]
            {environment}
            """,
    }
    files["services/second/service.toml"] += """
            names = ["second.example"]
            """
    with somewhere() as site:
        site.write(files)
        site.up(through=request.param)
        yield site


def test_both_are_public_as_declared(site):
    """The gateway reaches each in its own network."""
    assert site.get("/first/name").text == "first"
    assert site.get("/second/name").text == "second"


def test_each_is_told_what_it_insists_on(site, port):
    """`HOST` and `PORT` say the same as the manifest."""
    assert site.get("/first/port").text == f"0.0.0.0:{port}"


def test_nothing_listens_on_that_port_outside(site, port):
    """Other programs of the machine can have it, and nobody gets in past the gateway."""
    assert is_free("127.0.0.1", port)


@pytest.mark.parametrize("by", ["variable", "host-name"])
def test_one_calls_the_other_at_the_same_port(site, by):
    """A neighbour's address is never taken for the caller's own."""
    if by == "host-name":
        need_host_names()
    assert site.get(f"/first/{by}").text == "second"


def test_it_calls_an_application_in_its_own_name(site):
    """At a port that is its own, too, and that leads out of its network."""
    assert site.get("/first/name-of-mine").text == "first"


def test_the_loopback_is_its_own(site):
    """A program that calls itself at `127.0.0.1` finds itself."""
    assert site.get("/first/myself").text == "first"


def test_it_reaches_the_site_at_its_public_address(site):
    """What a visitor reaches, it does."""
    assert site.get("/first/site").text == "second"


def test_it_reaches_its_database(site):
    """By ordinary variables, over TCP."""
    counted = [int(site.get("/second/count").text) for _ in range(2)]

    assert counted[1] == counted[0] + 1


@pytest.mark.parametrize("by", ["call", "plain"])
def test_an_application_calls_it(site, by):
    """As a neighbour like any other, and at its plain address."""
    assert site.get(f"/asks/{by}").text == "second"


def test_large_bodies_arrive_whole(site):
    """In both directions."""
    assert len(site.get("/first/large").text) == 20_000_000
    sent = site.get("/first/", method="POST", body=bytes(5_000_000))
    assert sent.text == "5000000"


def test_a_save_loses_no_request(site):
    """The new program has the port in its network before the old one ends."""
    server = site.folder / "services/first/server.py"
    before = server.read_text()
    answers = []

    def renewed():
        answers.append(site.get("/first/name"))
        return answers[-1].text == "renewed"

    server.write_text(before.replace('b"first"', 'b"renewed"'))
    site.until(renewed, "the new code")
    server.write_text(before)
    site.until(lambda: site.get("/first/name").text == "first", "the former code")

    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize("which", ["wrapper", "program"])
def test_killed_at_once_it_leaves_nothing_and_comes_back(site, which):
    """Whichever of the two processes is killed."""
    site.until(lambda: site.service("second")["phase"] == "running", "the start")
    [wrapper] = site.service("second")["pids"]
    [child] = children_of(wrapper)

    os.kill(wrapper if which == "wrapper" else child, signal.SIGKILL)

    until(lambda: not any(map(runs, (wrapper, child))), "the end of both")
    site.until(lambda: site.get("/second/name").text == "second", "its return")


def test_a_program_that_ends_says_how(fresh, port):
    """Its exit code is the wrapper's."""
    fresh.write(program("first", port) | {"services/first/server.py": "exit(3)\n"})
    fresh.up()

    assert "exit code 3" in fresh.service("first")["reason"]


def test_where_the_kernel_refuses_two_are_told_apart(fresh, port):
    """The error names both, the kernel's reason and the ways out."""
    need_user_namespaces()
    fresh.write(program("first", port) | program("second", port))
    fresh.up(wait=False, through=WITHOUT_NETWORKS)

    assert fresh.process is not None
    assert fresh.process.wait(20) == 3
    said = " ".join(fresh.log.read_text().split())
    assert f"`first` insists on port {port} of every address, `second` has" in said
    assert re.search(r"the kernel refuses a network namespace \([A-Z].*\)", said)
    assert '`host = "own"`' in said


def test_where_the_kernel_refuses_one_runs_outside(fresh):
    """As long as nobody else wants its port."""
    need_user_namespaces()
    port = free_port()
    fresh.write(program("first", port))
    fresh.up(through=WITHOUT_NETWORKS)

    assert fresh.get("/first/name").text == "first"
    assert not is_free("127.0.0.1", port)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process is the parent of."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(c) for t in tasks for c in (t / "children").read_text().split()]


def runs(pid: int) -> bool:
    """Tell whether a process has not ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
