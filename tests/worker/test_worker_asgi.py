import asyncio

import pytest
import websockets

from waiting import until
from worker.callers import begun, by, ended, variables


QUART = """
from quart import Quart, request, url_for, websocket
app = Quart(__name__)

@app.before_serving
async def begin():
    print("begun")

@app.after_serving
async def finish():
    print("finished")

@app.get("/where")
async def where():
    return {"root": request.root_path, "path": request.path, "host": request.host,
            "address": request.remote_addr, "scheme": request.scheme,
            "link": url_for("where"), "name": request.headers.get("X-Name")}

@app.post("/upload")
async def upload():
    return str(len(await request.get_data()))

@app.get("/raise")
async def fail():
    raise ValueError("seen")

@app.get("/events")
async def events():
    async def chunks():
        for n in range(3):
            yield f"{n} ".encode()
    return chunks()

@app.websocket("/echo")
async def echo():
    while True:
        await websocket.send(f"{websocket.root_path} {await websocket.receive()}")
"""
RAW = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["kept"] = "kept"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shut down")
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/raise":
        raise ValueError("seen")
    if scope["path"] == "/held":
        print("holding")
        await asyncio.sleep(0.5)
    seen = {k: v for k, v in scope.items() if k in (
        "client", "server", "scheme", "root_path", "path", "raw_path", "state")}
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(seen).encode()})
"""


def test_quart_knows_where_it_is(start):
    """Mount, visitor, scheme and host reach an ASGI application, links are right."""
    worker = start.fork(QUART, mounts=["/shop"])
    said = worker.ready()
    assert (said["interface"], said["server"]) == ("asgi", "granian")
    assert {e["name"] for e in said["endpoints"]} >= {"where", "echo"}
    headers = {
        "Host": "shop.test:8000",
        "x-forwarded-prefix": "/shop",
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-proto": "https",
        "X-Name": "caf\u00c3\u00a9",
    }
    assert worker.ask("/shop/where", headers=headers).json == {
        "root": "/shop",
        "path": "/where",
        "host": "shop.test:8000",
        "address": "192.0.2.7",
        "scheme": "https",
        "link": "/shop/where",
        "name": "caf\u00c3\u00a9",
    }
    assert worker.ask("/where").json["link"] == "/shop/where"
    assert worker.ask("/upload", "POST", b"x" * 300_000).body == b"300000"
    assert worker.ask("/events").body == b"0 1 2 "
    assert worker.ask("/raise").status == 500
    assert "ValueError: seen" in worker.log()


def test_websockets_of_quart_work(start):
    """An ASGI application's WebSockets need no other server."""
    worker = start.fork(QUART, mounts=["/shop"])
    worker.ready()

    async def talk() -> str:
        async with websockets.unix_connect(
            worker.socket,
            "ws://shop.test/shop/echo",
            additional_headers={"x-forwarded-prefix": "/shop"},
        ) as socket:
            await socket.send("hello")
            return str(await socket.recv())

    assert asyncio.run(talk()) == "/shop hello"


def test_a_websocket_needs_a_token(start):
    """One that proves nothing is closed before the application hears of it."""
    worker = start.fork(QUART, environment=variables())
    worker.ready()

    async def talk(headers: dict[str, str]) -> str:
        async with websockets.unix_connect(
            worker.socket, "ws://shop.test/echo", additional_headers=headers
        ) as socket:
            await socket.send("hello")
            return str(await socket.recv())

    with pytest.raises(websockets.InvalidStatus) as refused:
        asyncio.run(talk({}))
    assert refused.value.response.status_code == 403
    assert asyncio.run(talk(by("storefront"))).endswith("hello")


def test_requests_under_way_at_once_know_each_its_own(start):
    """They share a thread, and not what is known of them."""
    worker = start.fork(
        """
        import asyncio
        from quart import Quart
        from glassware import current
        app = Quart(__name__)
        both = asyncio.Barrier(2)

        @app.get("/<name>")
        async def view(name):
            await both.wait()
            await asyncio.sleep(0)
            return current.incoming.get().path
        """
    )
    worker.ready()
    asked = [begun(worker.socket, path) for path in ("/one", "/two")]
    assert [ended(each)[1] for each in asked] == [b"/one", b"/two"]


def test_the_lifespan_is_honoured(start):
    """What an application does at its start and at its end is done."""
    worker = start.fork(QUART)
    worker.ready()
    worker.signal()
    assert worker.wait() == 0
    assert worker.log().split() == ["begun", "finished"]


def test_a_scope_says_it_all(start):
    """The path of a scope begins with its root, also for a neighbour's call."""
    worker = start.fork(RAW, mounts=["/my shop"])
    worker.ready()
    assert eval(worker.ask("/caf%C3%A9").body) == {
        "client": ("127.0.0.1", 0),
        "server": ("shop.test", 80),
        "scheme": "http",
        "root_path": "/my shop",
        "path": "/my shop/café",
        "raw_path": b"/my%20shop/caf%C3%A9",
        "state": {"kept": "kept"},
    }
    assert worker.ask("/raise", headers={"x-forwarded-prefix": ""}).status == 500
    assert "ValueError: seen" in worker.log()


def test_a_drain_finishes_requests_and_then_the_lifespan(start):
    """The end of the application comes after its last request."""
    worker = start.fork(RAW, drain=20.0)
    worker.ready()
    connection = worker.connection()
    connection.request("GET", "/held")
    until(lambda: "holding" in worker.log())
    worker.signal()
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Connection"] == "close"
    answer.read()
    connection.close()
    assert worker.wait() == 0
    assert "shut down" in worker.log()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'await send({"type": "lifespan.startup.failed", "message": "no database"})',
            "the application failed to start: no database",
        ),
    ],
)
def test_an_application_that_cannot_start_says_why(start, text, words):
    """A failed start is a failed worker."""
    worker = start.fork(
        f"async def app(scope, receive, send):\n    await receive()\n    {text}\n"
    )
    said = worker.outcome()
    assert said["event"] == "failed"
    assert words in said["reason"]


def test_django_serves_over_asgi_too(start):
    """A project's `asgi.py` is served where the manifest names it."""
    worker = start.fork(
        {
            "mysite/__init__.py": "",
            "mysite/settings.py": "SECRET_KEY = 'x'\nROOT_URLCONF = 'mysite.urls'\n"
            "ALLOWED_HOSTS = ['*']\n",
            "mysite/urls.py": """
            from django.http import HttpResponse
            from django.urls import path, reverse

            async def polls(request, id):
                link = reverse("polls", args=[2])
                return HttpResponse(f"{request.path} {link} {request.scheme}")

            urlpatterns = [path("polls/<int:id>/", polls, name="polls")]
            """,
            "mysite/asgi.py": """
            import os
            from django.core.asgi import get_asgi_application
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
            application = get_asgi_application()
            """,
        },
        app="mysite.asgi:application",
        mounts=["/site"],
    )
    said = worker.ready()
    assert (said["interface"], said["endpoints"][0]["name"]) == ("asgi", "polls")
    headers = {"x-forwarded-prefix": "/site", "x-forwarded-proto": "https"}
    answer = worker.ask("/site/polls/1/", headers=headers)
    assert answer.body == b"/site/polls/1/ /site/polls/2/ https"
