"""Applications of every usual shape run as services, as they are."""

import json
import shutil
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect


SINGLE_FILE = {
    "services/single/service.toml": 'route = "/single"\n',
    "services/single/app.py": """
        import os

        from flask import Flask

        app = Flask(__name__)


        @app.route("/")
        def hello():
            return "one file"


        @app.route("/environment")
        def environment():
            return dict(os.environ)


        if __name__ == "__main__":
            app.run(host="0.0.0.0", port=5000)

        app.run()
        """,
}
FACTORY = {
    "services/club/service.toml": 'route = "/club"\n',
    "services/club/club/__init__.py": """
        from flask import Flask


        def create_app(test_config=None):
            app = Flask(__name__, instance_relative_config=True)
            app.config.from_mapping(SECRET_KEY="dev")
            if test_config:
                app.config.update(test_config)

            from . import members, pages

            app.register_blueprint(pages.bp)
            app.register_blueprint(members.bp)
            return app
        """,
    "services/club/club/pages.py": """
        from flask import Blueprint, redirect, render_template, request, session
        from flask import url_for

        bp = Blueprint("pages", __name__)


        @bp.route("/")
        def index():
            return render_template("index.html")


        @bp.route("/old")
        def old():
            return redirect(url_for("members.show", name="ada"))


        @bp.route("/visit")
        def visit():
            session["visits"] = session.get("visits", 0) + 1
            return {"visits": session["visits"]}


        @bp.route("/whole")
        def whole():
            return {
                "external": url_for("members.show", name="ada", _external=True),
                "url": request.url,
                "script": request.script_root,
                "host": request.host,
            }
        """,
    "services/club/club/members.py": """
        from flask import Blueprint

        bp = Blueprint("members", __name__, url_prefix="/members")


        @bp.route("/<name>/")
        def show(name):
            return f"member {name}"
        """,
    "services/club/club/templates/index.html": """
        <link href="{{ url_for('static', filename='club.css') }}">
        <a href="{{ url_for('members.show', name='ada') }}">Ada</a>
        """,
    "services/club/club/static/club.css": "body { color: green }\n",
}
SRC_LAYOUT = {
    "services/stock/service.toml": 'route = "/stock"\n',
    "services/stock/src/warehouse/__init__.py": "",
    "services/stock/src/warehouse/app.py": """
        from flask import Flask

        from warehouse.shelves import SHELVES

        app = Flask(__name__)


        @app.get("/")
        def index():
            return {"shelves": SHELVES}
        """,
    "services/stock/src/warehouse/shelves.py": "SHELVES = 7\n",
}
SOCK = {
    "services/echo/service.toml": 'route = "/echo"\n',
    "services/echo/app.py": """
        from flask import Flask, request
        from flask_sock import Sock

        app = Flask(__name__)
        sock = Sock(app)


        @sock.route("/ws")
        def ws(socket):
            while True:
                socket.send(f"{request.script_root} {socket.receive()}")
        """,
}
QUART = {
    "services/chat/service.toml": 'route = "/chat"\n',
    "services/chat/app.py": """
        from quart import Quart, request, url_for, websocket

        app = Quart(__name__)
        started = []


        @app.before_serving
        async def start():
            started.append("started")


        @app.get("/")
        async def index():
            return {
                "started": started,
                "url": request.url,
                "link": url_for("room", name="tea"),
            }


        @app.get("/rooms/<name>")
        async def room(name):
            return name


        @app.websocket("/ws")
        async def ws():
            while True:
                await websocket.send(f"quart {await websocket.receive()}")
        """,
}
PLAIN_ASGI = {
    "services/plain/service.toml": 'route = "/plain"\n',
    "services/plain/asgi.py": """
        async def application(scope, receive, send):
            assert scope["type"] == "http", scope["type"]
            body = f"{scope['root_path']} {scope['path']}".encode()
            head = {"type": "http.response.start", "status": 200, "headers": []}
            await send(head)
            await send({"type": "http.response.body", "body": body})
        """,
}
NODE = {
    "services/clock/service.toml": """
        route = "/clock"
        command = "node server.js"
        """,
    "services/clock/server.js": """
        const http = require("http");

        http
          .createServer((request, response) => {
            response.setHeader("Content-Type", "application/json");
            response.end(
              JSON.stringify({
                url: request.url,
                prefix: request.headers["x-forwarded-prefix"],
                script: process.env.SCRIPT_NAME,
              })
            );
          })
          .listen(process.env.PORT, process.env.HOST);
        """,
}


@pytest.fixture(scope="module")
def site(running):
    """One site of all of them."""
    shapes = (SINGLE_FILE, FACTORY, SRC_LAYOUT, SOCK, QUART, PLAIN_ASGI)
    programs = (NODE,) if shutil.which("node") else ()
    files = {}
    for shape in (*shapes, *programs):
        files |= shape
    return running(files)


def socket_url(site, path):
    """The address of a WebSocket of the site."""
    return f"ws://{urlsplit(site.url).netloc}{path}"


def test_a_single_file_runs(site):
    """Also one that ends with `app.run()`."""
    assert site.get("/single/").text == "one file"


def test_an_app_factory_has_links_and_static_files_below_its_prefix(site):
    """`url_for` knows the prefix in pages, and the files are where it says."""
    page = site.get("/club/").text

    assert 'href="/club/static/club.css?v=' in page
    assert 'href="/club/members/ada/"' in page
    assert site.get("/club/members/ada/").text == "member ada"
    assert site.get("/club/static/club.css").text == "body { color: green }\n"


def test_redirects_stay_below_the_prefix(site):
    """Those that a view makes, and those that Flask makes for a missing slash."""
    made = site.get("/club/old")
    missing = site.get("/club/members/ada")

    assert made.headers["Location"] == "/club/members/ada/"
    assert urlsplit(missing.headers["Location"]).path == "/club/members/ada/"


def test_links_for_outside_have_the_public_address(site):
    """`_external` and `request.url` are what the visitor's browser shows."""
    host = urlsplit(site.url).netloc

    assert site.get("/club/whole").json() == {
        "external": f"{site.url}/club/members/ada/",
        "url": f"{site.url}/club/whole",
        "script": "/club",
        "host": host,
    }


def test_a_session_cookie_is_for_the_prefix_and_comes_back(site):
    """A session holds from one request to the next, and is sent to nobody else."""
    first = site.get("/club/visit")
    cookie = first.headers["Set-Cookie"]
    second = site.get("/club/visit", headers={"Cookie": cookie.partition(";")[0]})

    assert "Path=/club" in cookie
    assert second.json() == {"visits": 2}


def test_a_package_with_a_src_folder_runs(site):
    """Its own absolute imports work, whatever the service is called."""
    assert site.get("/stock/").json() == {"shelves": 7}


def test_flask_sock_gets_a_server_that_can_speak_websocket(site):
    """Nobody has to write `server = "threaded"`."""
    with connect(socket_url(site, "/echo/ws")) as socket:
        socket.send("hello")
        assert socket.recv(10) == "/echo hello"


def test_an_asgi_application_runs_below_its_prefix(site):
    """Its lifespan has run, and its links are right."""
    assert site.get("/chat/").json() == {
        "started": ["started"],
        "url": f"{site.url}/chat/",
        "link": "/chat/rooms/tea",
    }
    assert site.get("/chat/rooms/tea").text == "tea"


def test_an_asgi_websocket_passes_the_gateway(site):
    """As in any other ASGI server."""
    with connect(socket_url(site, "/chat/ws")) as socket:
        socket.send("hello")
        assert socket.recv(10) == "quart hello"


def test_a_plain_asgi_callable_runs(site):
    """No framework is needed, nor any knowledge of lifespans."""
    assert site.get("/plain/a").text == "/plain /plain/a"


@pytest.mark.skipif(not shutil.which("node"), reason="there is no `node` here")
def test_a_node_program_gets_its_prefix_stripped(site):
    """A command sees the paths that it would see alone."""
    assert site.get("/clock/now?zone=utc").json() == {
        "url": "/now?zone=utc",
        "prefix": "/clock",
    }
    assert site.get("/clock").json()["url"] == "/"


def test_script_name_never_gets_into_a_program_s_variables(site):
    """A mount is a matter of requests: programs that a service starts know none."""
    variables = site.get("/single/environment").json()

    assert "SCRIPT_NAME" not in variables
    assert json.dumps(variables).count("SCRIPT_NAME") == 0
