"""Nobody reaches a service without proof of who calls, by whatever way."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from glassware.environment import KEY
from glassware.tokens import SITE, Key
from sites import SiteUnderTest, ended


# A service that says who called, and one that calls in each way.
SAYS = """
    import json
    import os
    import urllib.request

    from flask import Flask, request

    from glassware import services

    app = Flask(__name__)


    @app.get("/who")
    def who():
        return {
            "caller": request.environ["glassware.caller"],
            "headers": sorted(name.lower() for name in request.headers.keys()),
        }


    @app.get("/environment")
    def environment():
        return dict(os.environ)


    @app.get("/asks/<name>")
    def asks(name):
        return services[name].get("/who").json()
    """
BY_URL = """
    @app.get("/by-url/<variable>")
    def by_url(variable):
        request = urllib.request.Request(os.environ[variable] + "/who")
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    """
SPELLINGS = (
    "X-Glassware-Identity",
    "x-glassware-identity",
    "X-GLASSWARE-IDENTITY",
    "X_Glassware_Identity",
    "X-Glassware_Identity",
    "x_glassware-identity",
)
SITE_FILES = {
    "services/front/app.py": SAYS + BY_URL,
    "services/front/service.toml": """
        route = "/"
        calls = ["back", "old"]

        [environment]
        BACK = "{services.back.url}"
        OLD = "{services.old.url}"
        """,
    "services/back/app.py": SAYS,
    "services/back/service.toml": 'calls = ["front"]\n',
    "services/old/app.py": SAYS,
    "services/old/service.toml": "[address]\n",
    "services/other/app.py": SAYS,
    "services/other/service.toml": 'route = "/other"\ncalls = ["front"]\n',
}


@pytest.fixture(scope="module")
def site(running) -> SiteUnderTest:
    """The site, running."""
    return running(SITE_FILES)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site of one test."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


def ask(path: Path, target: str = "/who", **headers: str) -> tuple[int, str, str]:
    """Ask a worker beside the gateway; return status, refusal and body."""
    connection = http.client.HTTPConnection("localhost", timeout=5)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.connect(str(path))
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", target, headers=given)
        answer = connection.getresponse()
        refused = answer.headers.get("X-Glassware-Refused", "")
        return answer.status, refused, answer.read().decode()


def test_a_visitor_comes_as_the_site(site):
    """And so does who uses the plain address that a service asks for."""
    assert site.get("/who").json()["caller"] == SITE
    assert site.get("/by-url/OLD").json()["caller"] == SITE


def test_a_service_comes_as_itself(site):
    """By a call with `services`, and by code that knows a URL alone."""
    assert site.get("/asks/back").json()["caller"] == "front"
    assert site.get("/by-url/BACK").json()["caller"] == "front"


def test_an_application_sees_no_token(site):
    """What proves who calls is no business of a view."""
    for path in ("/who", "/asks/back", "/by-url/BACK"):
        headers = site.get(path).json()["headers"]
        assert not [name for name in headers if name.startswith("x-glassware")]


def test_a_worker_keeps_its_key_to_itself(site):
    """It is not in the environment that a program which it starts would get."""
    variables = site.get("/environment").json()

    assert "GLASSWARE_KEY" not in variables
    assert variables["GLASSWARE_CALLERS"].count("=") == 3
    for path in site.sockets("front"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "front",
        "a.b.c",
        Key.generate().sign(SITE, "back"),
        Key.generate().sign("front", "back"),
    ],
    ids=["none", "empty", "name", "dots", "own-site", "own-front"],
)
def test_a_worker_answers_nobody_without_proof(site, token):
    """Whoever gets to its socket and signs for himself is refused."""
    [path] = site.sockets("back")
    headers = {} if token is None else {"X_Glassware_Identity": token}

    status, refused, body = ask(path, **headers)

    assert (status, refused) == (401, "identity")
    assert SITE not in body


def key_of(site: SiteUnderTest, name: str) -> Key:
    """Return a service's private key, as a program beside it has it."""
    variables = site.run("run", name, "--", "env").stdout.splitlines()
    [key] = [v.partition("=")[2] for v in variables if v.startswith(f"{KEY}=")]
    return Key(key)


def test_who_may_not_call_is_refused_though_it_proves_who_it_is(site):
    """`other` may call `front` and nobody else."""
    key = key_of(site, "other")
    [path] = site.sockets("back")

    token = key.sign("other", "back")

    assert ask(path, X_Glassware_Identity=token)[:2] == (403, "caller")
    [path] = site.sockets("front")
    assert ask(path, X_Glassware_Identity=token)[:2] == (401, "identity")
    token = key.sign("other", "front")
    assert ask(path, X_Glassware_Identity=token)[0] == 200
    # Nor can it sign for another.
    token = key.sign("back", "front")
    assert ask(path, X_Glassware_Identity=token)[:2] == (401, "identity")


@pytest.mark.parametrize("door", ["public", "address", "pair"])
def test_a_stolen_token_is_of_no_use_where_the_gateway_listens(site, door):
    """Nobody comes as another service, however the header is spelled."""
    whose = "front" if door == "address" else "other"
    callee = {"public": "front", "address": "old", "pair": "back"}[door]
    stolen = key_of(site, whose).sign(whose, callee)
    variables = site.get("/environment").json()
    urls = {"public": site.url, "address": variables["OLD"], "pair": variables["BACK"]}
    address = urlsplit(urls[door])
    honest = "front" if door == "pair" else SITE
    callers = []
    for name in SPELLINGS:
        connection = http.client.HTTPConnection(address.hostname, address.port)
        connection.request("GET", "/who", headers={name: stolen})
        answer = connection.getresponse()
        if answer.status != 400:
            callers.append(json.load(answer)["caller"])
        connection.close()

    assert set(callers) == {honest}
    assert len(callers) >= len(SPELLINGS) / 2


def test_a_call_that_is_not_declared_fails_before_it_is_sent(site):
    """With what is missing in the message, at the edge a 502."""
    assert site.get("/other/asks/back").status == 502


def test_the_terminal_may_call_every_service(site):
    """Also one that nobody calls, and without a route."""
    for name in ("front", "back", "old", "other"):
        called = site.run("call", name, "/who")
        assert json.loads(called.stdout)["caller"] == SITE, called.stderr


def test_a_worker_says_that_it_lives_to_anybody(site):
    """Whoever watches over workers needs no key for that."""
    for name in ("front", "back"):
        [path] = site.sockets(name)
        assert ask(path, "/.glassware/alive")[0] in {200, 204}
    assert site.get("/.glassware/alive").status == 404


def test_a_new_caller_is_known_by_itself(site):
    """A line in a manifest is enough; nobody starts the neighbour anew by hand."""
    manifest = site.folder / "services/other/service.toml"
    manifest.write_text('route = "/other"\ncalls = ["front", "back"]\n')

    def called() -> bool:
        answer = site.get("/other/asks/back")
        return answer.status == 200 and answer.json()["caller"] == "other"

    site.until(called, "the first call")


def test_keys_are_new_at_each_start_and_kept_nowhere(fresh):
    """No file of the site has one, and none outlives it; the ports do."""
    fresh.write(SITE_FILES)
    keys, urls = set(), set()
    for _ in range(2):
        fresh.up()
        key = key_of(fresh, "front").text
        kept = [file for file in fresh.folder.rglob("*") if file.is_file()]
        assert not [file for file in kept if key.encode() in file.read_bytes()]
        assert fresh.get("/asks/back").json()["caller"] == "front"
        keys.add(key)
        urls.add(fresh.get("/environment").json()["BACK"])
        fresh.stop()

    assert len(keys) == 2
    assert len(urls) == 1
