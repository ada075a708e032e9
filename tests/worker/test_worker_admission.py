"""What stands between a request and the application, with real workers."""

import time
from collections import Counter
from contextlib import suppress
from select import select

import pytest

from glassware.protocol import ALIVE
from glassware.tokens import SITE
from waiting import until
from worker.callers import KEYS, begun, by, ended, variables, within


FLASK = """
import os, time
from flask import Flask, Response, request
from glassware import current
app = Flask(__name__)

@app.get("/who")
def who():
    asked = current.incoming.get()
    return {
        "caller": request.environ["glassware.caller"],
        "known": asked.caller, "service": asked.service, "of": current.service.get(),
        "method": asked.method, "path": asked.path, "left": asked.remaining(),
        "via": asked.via, "onward": asked.onward, "retries": asked.caller_retries,
        "slot": asked.slot is not None,
        "headers": [n for n, _ in request.headers if n.startswith("X-Glassware")],
    }

@app.route("/touch", methods=["GET", "POST"])
def touch():
    open("touched", "a").write("x")
    return "touched"

@app.get("/held")
def held():
    open("held", "a").write("x")
    while not os.path.exists("go"):
        time.sleep(0.01)
    return "released"

@app.get("/stream")
def stream():
    def chunks():
        for _ in range(3):
            asked = current.incoming.get()
            yield f"{asked.path} {current.service.get()} {asked.remaining() > 0};"
    return Response(chunks())

@app.get("/events")
def events():
    def endless():
        while not os.path.exists("go"):
            yield f"data: {current.incoming.get().path}\\n\\n"
            time.sleep(0.01)
    return Response(endless(), content_type="text/event-stream; charset=utf-8")

@app.get("/passed-on")
def passed_on():
    return "not started", 503, {"X-Glassware-Refused": "busy", "X-Other": "kept"}
"""
QUART = (
    FLASK.replace("flask", "quart")
    .replace("Flask", "Quart")
    .replace("request.environ", "request.scope")
    .replace("def ", "async def ")
    .replace("time.sleep", "await asyncio.sleep")
    .replace("import os", "import asyncio, os")
)
SERVERS = ["granian", "threaded", "asgi"]
THREADED = ["granian", "threaded"]


@pytest.fixture
def serve(start):
    """Start a worker of the application for a server."""

    def serve(server, **facts):
        text = QUART if server == "asgi" else FLASK
        chosen = None if server == "asgi" else server
        worker = start.fork(text, server=chosen, **facts)
        worker.ready()
        return worker

    return serve


def lines(worker, name):
    """How often a view has written to a file."""
    file = worker.output.parent / "1" / "catalog" / name
    return len(file.read_text()) if file.exists() else 0


def let_go(worker):
    """Let the views that are held go on."""
    (worker.output.parent / "1" / "catalog" / "go").touch()


def hold(worker, count, headers=None):
    """Let `count` views run that do not end, and return their connections."""
    held = [begun(worker.socket, "/held", headers) for _ in range(count)]
    until(lambda: lines(worker, "held") == count, f"{count} views")
    return held


@pytest.mark.parametrize("server", SERVERS)
def test_the_view_knows_who_calls(serve, server):
    """And what else the request says; the headers themselves are gone."""
    worker = serve(server, environment=variables())
    headers = by("storefront") | {
        "X-Glassware-Deadline": f"5000;{time.time():.3f}",
        "X-Glassware-Via": "home,storefront",
        "X-Glassware-Retry": "no",
        "X-Glassware-Whatever": "unknown",
        "Accept-Language": "de",
        "Cookie": "session=1",
    }
    told = worker.ask("/who?size=2", headers=headers).json
    assert 0 < told.pop("left") <= 5
    assert told == {
        "caller": "storefront",
        "known": "storefront",
        "service": "catalog",
        "of": "catalog",
        "method": "GET",
        "path": "/who",
        "via": ["home", "storefront"],
        "onward": [["Accept-Language", "de"]],
        "retries": True,
        "slot": server != "asgi",
        "headers": [],
    }


@pytest.mark.parametrize("server", SERVERS)
def test_what_the_gateway_brings_has_no_caller(serve, server):
    """A visitor is no service; whose token it was can be told all the same."""
    worker = serve(server, environment=variables())
    told = worker.ask("/who", headers=by(SITE)).json
    assert (told["caller"], told["known"], told["left"]) == (SITE, "", None)


@pytest.mark.parametrize("server", SERVERS)
def test_where_nobody_said_who_may_call_everybody_may(serve, server):
    """A service that runs alone, and a site without tokens."""
    told = serve(server).ask("/who").json
    assert (told["caller"], told["known"]) == ("", "")


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        ({}, 401, "identity"),
        ({"X-Glassware-Identity": "storefront"}, 401, "identity"),
        ({"X-Glassware-Identity": "."}, 401, "identity"),
        (by("storefront", "reviews"), 401, "identity"),
        (by("storefront", "catalog") | by("accounts"), 403, "caller"),
        (
            {"X-Glassware-Identity": KEYS["accounts"].sign("storefront", "catalog")},
            401,
            "identity",
        ),
    ],
    ids=["none", "name", "garbage", "for-another", "no-caller", "forged"],
)
def test_who_proves_nothing_reaches_no_view(serve, server, headers, status, why):
    """Also on the socket itself, beside the gateway."""
    worker = serve(server, environment=variables())
    answer = worker.ask("/touch", "POST", b"body", headers=headers)
    assert (answer.status, answer.headers["X-Glassware-Refused"]) == (status, why)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    text = answer.body.decode()
    assert text.count("\n") == 1
    assert "`catalog`" in text
    assert "(" in text
    assert worker.ask("/touch", "HEAD", headers=headers).body == b""
    assert lines(worker, "touched") == 0


@pytest.mark.parametrize("server", SERVERS)
def test_an_expired_token_is_refused(serve, server):
    """A minute after it was made."""
    worker = serve(server, environment=variables())
    old = KEYS["storefront"].sign("storefront", "catalog", now=time.time() - 61)
    answer = worker.ask("/touch", headers={"X-Glassware-Identity": old})
    assert answer.status == 401
    assert b"expired" in answer.body


@pytest.mark.parametrize("server", SERVERS)
def test_that_it_lives_is_said_to_anybody(serve, server):
    """Without a token, and while every place is taken."""
    worker = serve(server, environment=variables(), threads=2)
    held = [] if server == "asgi" else hold(worker, 2, by("storefront"))
    answer = worker.ask(ALIVE)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["X-Glassware-Refused"] is None
    assert worker.ask(f"{ALIVE}/more").status == 401
    let_go(worker)
    for connection in held:
        ended(connection)


@pytest.mark.parametrize("server", SERVERS)
def test_a_request_whose_time_is_over_starts_no_view(serve, server):
    """Its caller has gone; whether the time ended on the way or before."""
    worker = serve(server)
    for said in (f"0;{time.time()}", f"1000;{time.time() - 2}", "-5", "0"):
        answer = worker.ask("/touch", headers={"X-Glassware-Deadline": said})
        assert answer.status == 504
        assert answer.headers["X-Glassware-Refused"] == "deadline"
        assert b"`catalog`" in answer.body
    assert worker.ask("/touch", headers={"Prefer": "wait=0"}).status == 504
    assert lines(worker, "touched") == 0


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("budget", "prefer", "left"),
    [
        (8.0, "wait=3", 3.0),
        (3.0, "wait=500", 3.0),
        (3.0, "respond-async", 3.0),
        (None, "wait=3", 3.0),
    ],
)
def test_a_client_can_shorten_the_time_and_never_lengthen_it(
    serve, server, budget, prefer, left
):
    """`Prefer: wait` is the one thing that comes from outside."""
    worker = serve(server)
    headers = {"Prefer": prefer, **({} if budget is None else within(budget))}
    assert worker.ask("/who", headers=headers).json["left"] == pytest.approx(left, 0.5)


@pytest.mark.parametrize("server", THREADED)
def test_more_than_the_threads_wait_for_their_turn(serve, server):
    """Two views run, four wait, and all are answered in the end."""
    worker = serve(server, threads=2)
    held = hold(worker, 2)
    held += [begun(worker.socket, "/held", within(20)) for _ in range(4)]
    assert lines(worker, "held") == 2
    let_go(worker)
    assert [ended(each)[1] for each in held] == [b"released"] * 6


@pytest.mark.parametrize("server", SERVERS)
def test_beyond_its_places_a_worker_refuses_at_once(serve, server):
    """64 are open, whoever comes then is told when to come again."""
    places = 256 if server == "asgi" else 64
    running = 256 if server == "asgi" else 2
    worker = serve(server, threads=2)
    held = hold(worker, running)
    more = places - running + 8
    held += [begun(worker.socket, "/held", within(50)) for _ in range(more)]
    sockets = [connection.sock for connection in held]
    until(lambda: len(select(sockets, [], [], 0)[0]) == 8, "eight refusals")
    refused = worker.ask("/touch")
    assert refused.status == 503
    assert refused.headers["X-Glassware-Refused"] == "busy"
    assert refused.headers["Retry-After"] == "1"
    assert worker.ask(ALIVE).status == 204
    let_go(worker)
    assert Counter(ended(each)[0].status for each in held) == {200: places, 503: 8}
    assert worker.ask("/who").status == 200


@pytest.mark.parametrize("server", THREADED)
def test_who_waits_too_long_is_told_and_never_started(serve, server):
    """At its deadline, and not when a thread is free at last."""
    worker = serve(server, threads=1)
    (held,) = hold(worker, 1)
    answer = worker.ask("/touch", headers=within(0.2))
    assert (answer.status, answer.headers["X-Glassware-Refused"]) == (504, "deadline")
    let_go(worker)
    ended(held)
    assert worker.ask("/who").status == 200
    assert lines(worker, "touched") == 0


def stalled(worker, headers):
    """Send a request whose body stops in the middle, and return its connection."""
    connection = worker.connection()
    connection.putrequest("POST", "/touch")
    for name, value in {"Content-Length": "4", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(b"bo")
    return connection


def test_who_stops_within_a_body_keeps_nobody_from_running(serve):
    """It has a place, and its view begins when the body is there."""
    worker = serve("granian", threads=2)
    halves = [stalled(worker, within(30)) for _ in range(6)]
    assert worker.ask("/who", headers=within(10)).status == 200
    assert lines(worker, "touched") == 0
    for half in halves:
        half.send(b"dy")
        assert ended(half)[1] == b"touched"
    assert lines(worker, "touched") == 6


def test_a_body_that_comes_too_late_starts_no_view(serve):
    """Its caller has gone meanwhile."""
    worker = serve("granian")
    half = stalled(worker, within(0.3))
    over = time.monotonic() + 0.4
    until(lambda: time.monotonic() > over, "the deadline")
    half.send(b"dy")
    answer, _ = ended(half)
    assert (answer.status, answer.headers["X-Glassware-Refused"]) == (504, "deadline")
    assert lines(worker, "touched") == 0


def test_bodies_on_their_way_have_places(serve):
    """64 of them are all that a worker waits for."""
    worker = serve("granian", threads=2)
    halves = [stalled(worker, {}) for _ in range(64)]
    until(lambda: worker.ask("/who").status == 503, "no place")
    for half in halves:
        half.close()
    until(lambda: worker.ask("/who").status == 200, "a place")


@pytest.mark.parametrize("server", SERVERS)
def test_a_generator_knows_the_request_too(serve, server):
    """A call that is made between two chunks has its deadline and its caller."""
    worker = serve(server)
    body = worker.ask("/stream", headers=within(30)).body
    assert body == b"/stream catalog True;" * 3


@pytest.mark.parametrize("server", SERVERS)
def test_events_occupy_no_thread_of_the_views(serve, server):
    """Who listens for hours keeps a place; with two threads, ten may listen."""
    worker = serve(server, threads=2)
    listening = [begun(worker.socket, "/events") for _ in range(10)]
    answers = [connection.getresponse() for connection in listening]
    assert all(answer.read(13) == b"data: /events" for answer in answers)
    assert worker.ask("/who", headers=within(5)).status == 200
    let_go(worker)
    for connection, answer in zip(listening, answers, strict=True):
        answer.read()
        connection.close()


@pytest.mark.parametrize("server", SERVERS)
def test_what_a_neighbour_refused_was_not_refused_here(serve, server):
    """A view that passes on a neighbour's answer has run: it is not to be repeated."""
    answer = serve(server).ask("/passed-on")
    assert answer.status == 503
    assert answer.headers["X-Glassware-Refused"] is None
    assert answer.headers["X-Other"] == "kept"


@pytest.mark.parametrize("server", SERVERS)
def test_a_refusal_closes_its_connection_when_the_worker_stops(serve, server):
    """It is an answer like others."""
    worker = serve(server, environment=variables(), threads=2, drain=20.0)
    held = hold(worker, 1, by("storefront"))
    kept = worker.connection()
    kept.request("GET", "/who")
    assert kept.getresponse().read().endswith(b")\n")
    worker.signal()

    def told():
        kept.request("GET", "/who")
        answer = kept.getresponse()
        assert answer.status == 401
        answer.read()
        return answer.headers["Connection"] == "close"

    if server != "threaded":  # it closes each connection in any case
        until(told)
    let_go(worker)
    ended(held[0])
    kept.close()
    assert worker.wait() == 0


KEPT = """
import json, os, subprocess, sys
from flask import Flask
from glassware.service.settings import current
app = Flask(__name__)
AT_IMPORT = current().key

@app.get("/key")
def key():
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True)
    return {"own": sorted(os.environ), "child": sorted(json.loads(child.stdout)),
            "key": current().key, "at_import": AT_IMPORT}
"""


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_the_key_is_for_calls_alone(start, way):
    """Neither the service's own code nor what it starts finds it among variables."""
    worker = getattr(start, way)(KEPT, environment=variables())
    worker.ready()
    told = worker.ask("/key", headers=by("storefront")).json
    assert "GLASSWARE_KEY" not in told["own"] + told["child"]
    assert "GLASSWARE_CALLERS" in told["own"]
    assert told["key"] == told["at_import"] == variables()["GLASSWARE_KEY"]


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_a_service_may_have_modules_named_as_those_of_a_worker(start, way):
    """`import jwt` is its own `jwt.py`, as it is with `flask run`."""
    files = {
        "app.py": """
            import jwt
            from cryptography import mine
            from flask import Flask
            app = Flask(__name__)

            @app.get("/")
            def home():
                return [jwt.mine, mine]
            """,
        "jwt.py": "mine = 'jwt'",
        "cryptography/__init__.py": "mine = 'cryptography'",
    }
    worker = getattr(start, way)(files, environment=variables())
    worker.ready()
    answer = worker.ask("/", headers=by("storefront"))
    assert answer.json == ["jwt", "cryptography"]
    assert worker.ask("/").status == 401


WITHOUT = """
import runpy, sys
sys.modules["jwt"] = None
runpy.run_module("glassware.worker", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("text", [FLASK, QUART], ids=["wsgi", "asgi"])
def test_without_the_library_for_tokens_a_worker_says_so(start, text):
    """In an environment of the service's own that somebody made by hand."""
    start.program = ["-c", WITHOUT]
    worker = start.spawn(text, environment=variables())
    said = worker.outcome()
    assert said["event"] == "failed"
    assert "pyjwt[crypto]" in said["reason"]
    assert "glassware install" in said["reason"]
    start.spawn(text).ready()


@pytest.mark.parametrize("server", SERVERS)
def test_a_large_body_of_a_refused_request_does_no_harm(serve, server):
    """The answer arrives, whatever of the body was on its way."""
    worker = serve(server, environment=variables())
    body = b"x" * 8_000_000
    connection = worker.connection()
    # Where the worker has answered and closed, the answer is there to be read.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", "/touch", body)
    answer, _ = ended(connection)
    assert answer.status == 401
    assert worker.ask("/who", headers=by("storefront")).status == 200
