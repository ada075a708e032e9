"""However a token is written, it proves nothing that its key does not sign."""

import base64
import json

import pytest

from glassware.tokens import Key
from worker.callers import KEYS, variables


FLASK = """
from flask import Flask, request
app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def who():
    return "seen:" + request.environ["glassware.caller"]
"""
QUART = FLASK.replace("flask", "quart").replace("Flask", "Quart")
QUART = QUART.replace("def ", "async def ").replace(".environ", ".scope")

OURS = "X-Glassware-Identity"
GOOD = KEYS["storefront"].sign("storefront", "catalog", 3600)
FORGED = Key.generate().sign("storefront", "catalog")


def part(value):
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CLAIMS = {"iss": "storefront", "aud": "catalog", "iat": 0, "exp": 9e9}
UNSIGNED = f"{part({'alg': 'none'})}.{part(CLAIMS)}."
CONFUSED = f"{part({'alg': 'HS256'})}.{part(CLAIMS)}.{FORGED.rpartition('.')[2]}"
NAMELESS = f"{part({'alg': 'EdDSA'})}.{part(CLAIMS | {'iss': ['storefront']})}.AA"

PROVES_NOTHING = {
    "forged": f"{OURS}: {FORGED}",
    "good and forged": f"{OURS}: {GOOD}\r\n{OURS}: {FORGED}",
    "by comma": f"{OURS}: {GOOD}, {GOOD}",
    "continued": f"{OURS}: {GOOD[:40]}\r\n {GOOD[40:]}",
    "space before the colon": f"{OURS} : {GOOD}",
    "bearer": f"{OURS}: Bearer {GOOD}",
    "unsigned": f"{OURS}: {UNSIGNED}",
    "another algorithm": f"{OURS}: {CONFUSED}",
    "no name": f"{OURS}: {NAMELESS}",
    "three parts of JSON": f"{OURS}: W10.W10.W10",
    "too long": f"{OURS}: {'a' * 50_000}",
    "bytes": f"{OURS}: \xff\xfe.\xff.\xff",
    "empty": f"{OURS}:",
    "only named": f"Connection: {OURS}",
    "in the environ's words": "glassware.caller: storefront",
    "for another": f"{OURS}: {KEYS['storefront'].sign('storefront', 'cart')}",
    "of another": f"{OURS}: {KEYS['accounts'].sign('accounts', 'catalog')}",
    "as another": f"{OURS}: {KEYS['accounts'].sign('storefront', 'catalog')}",
}


@pytest.fixture(params=["granian", "threaded", "asgi"])
def worker(request, start):
    """A worker of a service that `storefront` may call."""
    text, chosen = (QUART, None) if request.param == "asgi" else (FLASK, request.param)
    worker = start.fork(text, server=chosen, environment=variables())
    worker.ready()
    return worker


def test_no_odd_token_reaches_the_view(worker):
    """Nor is any of them a failure of the service's: all are refused."""
    statuses = {}
    for name, lines in PROVES_NOTHING.items():
        head = f"GET / HTTP/1.1\r\nHost: shop.test\r\n{lines}\r\nConnection: close"
        answer = worker.send(f"{head}\r\n\r\n".encode("latin-1"))
        assert b"seen:" not in answer, name
        statuses[name] = int(answer.split(b" ", 2)[1])

    assert set(statuses.values()) <= {400, 401, 403, 431}, statuses


def test_a_token_after_the_body_is_none(worker):
    """Trailers come when all is decided."""
    head = "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n"
    rest = f"Trailer: {OURS}\r\nConnection: close\r\n\r\n1\r\nx\r\n0\r\n{OURS}: {GOOD}"
    assert b" 401 " in worker.send(f"{head}{rest}\r\n\r\n".encode())


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_good_one_is_good_however_its_name_is_spelled(worker, version):
    """Names of headers know no capitals."""
    for name in (OURS, OURS.lower(), OURS.upper()):
        head = f"GET / HTTP/{version}\r\nHost: shop.test\r\n{name}: {GOOD}\r\n"
        answer = worker.send(f"{head}Connection: close\r\n\r\n".encode())
        assert b"seen:storefront" in answer, name
