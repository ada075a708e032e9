"""Databases that are not there: what becomes of the pages that need them."""

import json
import socket
from collections.abc import Iterator

import pytest

from waiting import until
from worker.applications import APPLICATIONS, DJANGO_WSGI


PASSWORD = "Sesame-0pen"
RAISES = """
import os
import redis
import sqlalchemy
from redis.retry import Retry
from redis.backoff import NoBackoff

PORT = int(os.environ["LOST_PORT"])

def direct():
    redis.Redis(port=PORT, retry=Retry(NoBackoff(), 0)).ping()

def caused():
    try:
        direct()
    except redis.ConnectionError as error:
        raise RuntimeError("no lobby") from error

def meanwhile():
    try:
        direct()
    except redis.ConnectionError:
        raise RuntimeError("no lobby")

def hidden():
    try:
        direct()
    except redis.ConnectionError:
        raise RuntimeError("no lobby") from None

def sql():
    url = f"postgresql+psycopg://u:p@127.0.0.1:{PORT}/d"
    sqlalchemy.create_engine(url).connect()

def wrong():
    raise redis.ResponseError("unknown command")

def fail(name):
    globals()[name]()
"""
NOTHING_THERE = """
def app(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"nothing"]
"""
NOTHING_THERE_ASYNC = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"nothing"})
"""
WITHOUT_PAGE = [
    *("flask", "quart", "django", "django-async", "starlette"),
    *(NOTHING_THERE, NOTHING_THERE_ASYNC),
]
FLASK_LIKE = [("flask", "def"), ("quart", "async def")]


@pytest.fixture
def port() -> Iterator[int]:
    """A port where nobody listens, as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def serve(start, port):
    """Start a worker of an application with a database that is not there."""

    def serve(name, own="", *, environment=None, **facts):
        text = APPLICATIONS.get(name, name).replace("# own handlers", own)
        variables = {
            "PATH": "/usr/bin:/bin",
            "LOST_PORT": str(port),
            "GLASSWARE_SERVICE": "catalog",
            "GLASSWARE_DATABASE_LOBBY_ENGINE": "redis",
            "GLASSWARE_DATABASE_LOBBY_URL": f"redis://:{PASSWORD}@127.0.0.1:{port}/0",
            **(environment or {}),
        }
        worker = start.fork(
            {"app.py": text, "raises.py": RAISES}, environment=variables, **facts
        )
        worker.ready()
        return worker

    return serve


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_page_without_its_database_says_so(serve, name):
    """Whatever the framework: 503, when to come again, and no internals."""
    worker = serve(name)
    for way in ("direct", "caused", "meanwhile", "sql"):
        answer = worker.ask(f"/fail/{way}")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1"), way
        assert b"500" not in answer.body
        assert b"Error" not in answer.body
        assert b"redis" not in answer.body
    for way in ("wrong", "hidden"):
        assert worker.ask(f"/fail/{way}").status == 500, way
    if "django" not in name:  # which writes nothing where it is not told to
        until(lambda: "the database `lobby` (redis) of `catalog`" in worker.log())
        assert "Traceback (most recent call last)" in worker.log()


@pytest.mark.parametrize("name", APPLICATIONS)
def test_whoever_develops_reads_which_database_it_is(serve, name):
    """By name where the service has one of that engine, by its engine otherwise."""
    worker = serve(name, environment={"GLASSWARE_DEVELOPMENT": "1"}, development=True)
    said = worker.ask("/fail/direct").body.replace(b"&#34;", b'"')
    assert b"the database `lobby` (redis) of `catalog` does not answer" in said
    said = worker.ask("/fail/sql").body
    assert b"a database (postgresql) of `catalog` does not answer" in said


@pytest.mark.parametrize("name", ["flask", "django", "wsgi"])
def test_other_servers_answer_alike(serve, name):
    """Werkzeug's shows the same."""
    worker = serve(name, server="threaded")
    answer = worker.ask("/fail/caused")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert worker.ask("/fail/hidden").status == 500


@pytest.mark.parametrize(("name", "kind"), FLASK_LIKE)
@pytest.mark.parametrize("caught", ["redis.ConnectionError", "Exception"])
def test_an_application_that_handles_it_goes_on_doing_so(serve, name, kind, caught):
    """Errors of its client, or all errors; and its page of a 503 is the one shown."""
    handler = f"""
import redis

@app.errorhandler({caught})
{kind} handle(error):
    return "handled", 418
"""
    page = f"""
@app.errorhandler(503)
{kind} page(error):
    return "our page", 503
"""
    answer = serve(name, handler).ask("/fail/direct")
    assert (answer.status, answer.body) == (418, b"handled")
    answer = serve(name, page).ask("/fail/direct")
    assert (answer.status, answer.body) == (503, b"our page")
    assert (answer.headers["Retry-After"], answer.headers["X-After"]) == ("1", "ran")


@pytest.mark.parametrize("caught", ["redis.ConnectionError", "Exception"])
def test_so_does_one_of_starlette(serve, caught):
    """And what it answers is what is sent."""
    handler = f"""
import redis

async def handle(request, error):
    return PlainTextResponse("handled", 500)

app.add_exception_handler({caught}, handle)
"""
    answer = serve("starlette", handler).ask("/fail/direct")
    assert answer.body == b"handled"


def test_the_pages_of_starlette_and_django_stay(serve):
    """The application's own page of a 500 is shown, with the right status."""
    own = """
async def page(request, error):
    return PlainTextResponse("our page", 500)

app.add_exception_handler(500, page)
"""
    answer = serve("starlette", own).ask("/fail/direct")
    assert (answer.status, answer.body) == (503, b"our page")
    own = "handler500 = lambda request: HttpResponse('our page', status=500)"
    answer = serve("django", own).ask("/fail/direct")
    assert (answer.status, answer.body) == (503, b"our page")


def test_a_debugger_gets_the_exception(serve):
    """Werkzeug's and Django's show where it came from, and say 500."""
    answer = serve("flask", debug=True, environment={"WERKZEUG_DEBUG_PIN": "off"}).ask(
        "/fail/direct"
    )
    assert answer.status == 500
    assert b"Werkzeug powered traceback interpreter" in answer.body
    worker = serve(DJANGO_WSGI.replace("DEBUG=False", "DEBUG=True"))
    assert worker.ask("/fail/direct").status == 500


def test_a_test_gets_the_exception(serve):
    """`TESTING` lets it through; at the edge it has its status."""
    assert serve("flask", own="app.testing = True").ask("/fail/direct").status == 503


def test_those_who_listen_hear_of_it_once(serve):
    """With one traceback in the log."""
    worker = serve("flask")
    worker.ask("/fail/sql")
    assert worker.ask("/heard").json == ["OperationalError"]
    assert worker.log().count("the database") + worker.log().count("a database") == 1


@pytest.mark.parametrize("name", WITHOUT_PAGE, ids=lambda name: name[:12].strip())
def test_healthz_tells_each_database(serve, name):
    """A 503 with a reason while one of them is not there, and no password."""
    answer = serve(name).ask("/healthz")
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json
    assert said["service"] == "catalog"
    lobby = said["databases"]["lobby"]
    assert (said["status"], lobby["status"], lobby["engine"]) == (
        ("lost", "lost", "redis")
    )
    assert lobby["reason"].startswith("ConnectionError: ")
    assert PASSWORD not in answer.body.decode()


@pytest.mark.parametrize("name", WITHOUT_PAGE, ids=lambda name: name[:12].strip())
def test_healthz_is_not_for_visitors(serve, name):
    """Through the public gateway the application is asked, and nobody else."""
    worker = serve(name)
    visited = {"X-Forwarded-Host": "shop.test"}
    for _ in range(2):
        assert b"lobby" not in worker.ask("/healthz", headers=visited).body
        assert b"lobby" in worker.ask("/healthz").body


@pytest.mark.parametrize(("name", "kind"), FLASK_LIKE)
def test_a_page_of_the_applications_own_wins(serve, name, kind):
    """Whatever it answers, also within a debugger or behind a wrapper."""
    own = f"""
@app.get("/healthz")
{kind} health():
    return "mine", 207
"""
    answer = serve(name, own).ask("/healthz")
    assert (answer.status, answer.body) == (207, b"mine")


def test_a_page_of_any_other_application_wins(serve):
    """Of whatever kind: only its 404 is taken for none."""
    wsgi = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"my"
    yield b" own"
"""
    worker = serve(wsgi)
    assert worker.ask("/healthz").body == b"my own"
    asgi = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"my own"})
"""
    assert serve(asgi).ask("/healthz").body == b"my own"


def test_a_service_without_a_database_is_well(start):
    """And each method that asks is answered."""
    worker = start.fork("from flask import Flask\napp = Flask(__name__)\n")
    worker.ready()
    answer = worker.ask("/healthz")
    assert (answer.status, answer.json) == (
        (200, {"service": "catalog", "status": "ok", "databases": {}})
    )
    assert worker.ask("/healthz", "HEAD").body == b""
    assert worker.ask("/healthz", "POST").status == 404


def test_what_nobody_can_ask_is_unknown(start):
    """A library that is not there, an engine without a client: no reason for a 503."""
    text = (
        "import sys\nsys.modules['redis'] = None\n"
        "from flask import Flask\napp = Flask(__name__)\n"
    )
    variables = {
        "GLASSWARE_DATABASE_LOBBY_URL": "redis://h/0",
        "GLASSWARE_DATABASE_OLD_URL": "dbase://h/0",
    }
    worker = start.fork(text, environment=variables)
    worker.ready()
    answer = worker.ask("/healthz")
    found = json.loads(answer.body)["databases"]
    assert answer.status == 200
    assert {sign["status"] for sign in found.values()} == {"unknown"}
    assert "pip install 'glassware[redis]'" in found["lobby"]["reason"]


def test_a_silent_server_is_told_within_two_seconds(start):
    """One that takes connections and never answers; the next question waits less."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        variables = {
            "GLASSWARE_DATABASE_CACHE_URL": f"redis://{address}/0",
            "GLASSWARE_DATABASE_MAIN_URL": f"postgresql://u:p@{address}/d",
        }
        worker = start.fork(
            "from flask import Flask\napp = Flask(__name__)\n", environment=variables
        )
        worker.ready()
        answer = worker.ask("/healthz")
        said = answer.json["databases"]
        assert answer.status == 503
        assert [said[name]["status"] for name in ("cache", "main")] == ["lost"] * 2
        assert said["cache"]["reason"] == "no answer within 2 seconds"
        assert said["cache"]["milliseconds"] < 20_000


def test_members_of_a_group_tell_of_their_own(start, port):
    """Each its databases, and no neighbour's."""
    app = "from flask import Flask\napp = Flask(__name__)\n"
    jobs = [
        start.job(
            {"app.py": app},
            service=name,
            environment={
                "GLASSWARE_SERVICE": name,
                f"GLASSWARE_DATABASE_{name.upper()}_URL": f"redis://127.0.0.1:{port}",
            },
        )
        for name in ("red", "blue")
    ]
    group = start.group(*jobs)
    group.ready()
    for name in ("red", "blue"):
        assert list(group.member(name).ask("/healthz").json["databases"]) == [name]
