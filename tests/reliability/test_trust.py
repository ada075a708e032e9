"""Who may ask whom (rows 24 and 26 of the goal table)."""

import http.client
import json
import socket
from pathlib import Path

import pytest

from row_sites import CHAIN
from sites import ended


class OverSocket(http.client.HTTPConnection):
    """A connection to a worker's own socket, past gateway and client."""

    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def worker_of(site, name):
    """Return the socket of a service's worker."""
    found = json.loads((site.folder / ".glassware/site.json").read_text())
    return next((Path(found["control"]).parent / "services" / name).iterdir())


def ask(path, headers):
    """Return the status that a worker answers on its own socket."""
    connection = OverSocket(path)
    try:
        connection.request("GET", "/", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["X-Glassware-Refused"]
    finally:
        connection.close()


TELLING = """
    from flask import Flask, request
    from glassware import services

    app = Flask(__name__)


    @app.get("/")
    def tell():
        return {{"caller": request.environ.get("glassware.caller"),
                "headers": sorted(name.lower() for name in request.headers.keys())}}


    @app.get("/token-for/<name>")
    def token(name):
        from glassware.service.settings import current
        from glassware.tokens import Key, Signer
        return Signer(Key(current().key), "{name}").token(name)
    """


SITE = CHAIN | {
    "services/front/app.py": TELLING.format(name="front"),
    "services/back/app.py": TELLING.format(name="back"),
    "services/front/service.toml": 'route = "/"\ncalls = ["back"]\n',
}


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    """A site whose services show their tokens."""
    with ended(tmp_path_factory.mktemp("telling") / "site") as site:
        site.write(SITE)
        site.up()
        yield site


def test_a_worker_answers_nobody_without_a_token(telling):
    """Another program of the same user finds the socket, and is refused."""
    assert ask(worker_of(telling, "back"), {}) == (401, "identity")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer x", "é"])
def test_what_is_no_token_is_refused(telling, token):
    """Garbage is no reason for a traceback."""
    headers = {"X-Glassware-Identity": token.encode()}
    assert ask(worker_of(telling, "back"), headers) == (401, "identity")


def test_a_token_opens_the_one_service_that_it_is_for(telling):
    """A caller's token for a neighbour is of no use anywhere else."""
    headers = {"X-Glassware-Identity": telling.get("/token-for/back").text}

    assert ask(worker_of(telling, "back"), headers) == (200, None)
    assert ask(worker_of(telling, "middle"), headers) != (200, None)
    assert ask(worker_of(telling, "front"), headers) != (200, None)


def test_only_those_whose_manifest_names_it_are_answered(telling):
    """A good token of a service that may not call is refused as well."""
    headers = {"X-Glassware-Identity": telling.get("/token-for/middle").text}

    assert ask(worker_of(telling, "middle"), headers) == (403, "caller")


@pytest.mark.parametrize(
    "name", ["X-Glassware-Identity", "x-glassware-identity", "X-Glassware-Via"]
)
def test_nobody_outside_can_claim_to_be_a_service(telling, name):
    """The gateway puts its own token in the place of any other."""
    claimed = telling.get("/token-for/front").text

    said = telling.get("/", headers={name: claimed}).json()

    assert said["caller"] == "@site"
    assert not [h for h in said["headers"] if h.startswith("x-glassware")]
