import json
import subprocess
import sys

import pytest


VIEW = """
@app.get("/")
def home():
    return {"name": __name__, "root": app.root_path, "import": app.import_name}
"""
FLASK = "from flask import Flask\napp = Flask(__name__)\n" + VIEW
FACTORY = """
from flask import Flask
def create_app(setting="unset"):
    app = Flask(__name__)
    app.add_url_rule("/", "home", lambda: {"setting": setting})
    return app
"""
WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]
"""
ASGI = """
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan here")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
"""
QUART = """
from quart import Quart
app = Quart(__name__)
@app.get("/")
async def home():
    return {"quart": True}
"""
PACKAGE = {"catalog/__init__.py": FLASK}


@pytest.mark.parametrize(
    ("files", "app", "interface", "answer"),
    [
        pytest.param({"app.py": FLASK}, "app.py", "wsgi", "catalog", id="file"),
        pytest.param({"app.py": FLASK}, None, "wsgi", "catalog", id="convention"),
        pytest.param({"wsgi.py": FLASK}, None, "wsgi", "catalog", id="wsgi.py"),
        pytest.param({"main.py": FLASK}, None, "wsgi", "catalog", id="main.py"),
        pytest.param({"app.py": FACTORY}, "app.py", "wsgi", "unset", id="factory"),
        pytest.param(
            {"app.py": FACTORY}, "app:create_app", "wsgi", "unset", id="named factory"
        ),
        pytest.param(
            {"app.py": FACTORY},
            "app:create_app(setting='set')",
            "wsgi",
            "set",
            id="factory with arguments",
        ),
        pytest.param(
            {"app.py": FACTORY.replace("create_app", "make_app")},
            "app.py",
            "wsgi",
            "unset",
            id="make_app",
        ),
        pytest.param(
            {"app.py": FLASK.replace("app = ", "shop = app = ")},
            "app:shop",
            "wsgi",
            "app",
            id="named",
        ),
        pytest.param(
            {"app.py": FLASK.replace("app", "site")},
            "app.py",
            "wsgi",
            "",
            id="instance",
        ),
        pytest.param(PACKAGE, "catalog", "wsgi", "catalog", id="package"),
        pytest.param(PACKAGE, None, "wsgi", "catalog", id="package by convention"),
        pytest.param(
            {"src/catalog/__init__.py": FLASK}, None, "wsgi", "catalog", id="src"
        ),
        pytest.param(
            {"src/shelves/__init__.py": "", "src/shelves/wsgi.py": FLASK},
            None,
            "wsgi",
            "shelves.wsgi",
            id="submodule",
        ),
        pytest.param({"app.py": WSGI}, "app.py", "wsgi", "", id="plain WSGI"),
        pytest.param({"app.py": ASGI}, "app.py", "asgi", "", id="plain ASGI"),
        pytest.param({"app.py": QUART}, "app.py", "asgi", "quart", id="Quart"),
    ],
)
def test_applications_are_found_where_flask_finds_them(
    start, files, app, interface, answer
):
    """Every usual way to lay out an application needs no word in a manifest."""
    worker = start.fork(files, app=app)
    assert worker.ready()["interface"] == interface
    assert answer in worker.ask("/").body.decode()


@pytest.mark.parametrize(
    ("files", "app", "words"),
    [
        pytest.param({}, None, ["no application was found", "`app.py`"], id="nothing"),
        pytest.param({}, "app.py", ["there is no `app.py` in"], id="no file"),
        pytest.param({}, "shelves", ["no module `shelves`"], id="no module"),
        pytest.param(
            {"app.py": "import flask\nsite = 1"},
            "app.py",
            ["has no application", "looked for `app`", "found `site`"],
            id="no application",
        ),
        pytest.param(
            {"app.py": FLASK.replace("app", "a") + FLASK.replace("app", "b")},
            "app.py",
            ["several applications: `a`, `b`"],
            id="two",
        ),
        pytest.param({"app.py": FLASK}, "app:site", ["has no `site`"], id="no name"),
        pytest.param({"app.py": FLASK}, "app:1 +", ["neither a name"], id="no Python"),
        pytest.param({"app.py": "app = 1"}, "app:app", ["but `int`"], id="a number"),
        pytest.param(
            {"app.py": "def create_app(config): pass"},
            "app.py",
            ["`create_app`", "missing a required argument: 'config'"],
            id="factory that wants arguments",
        ),
        pytest.param(
            {"app.py": "def create_app(): pass"},
            "app.py",
            ["made no application but `NoneType`"],
            id="factory that returns nothing",
        ),
        pytest.param(
            {"app.py": "import nowhere"},
            "app.py",
            ["ModuleNotFoundError: No module named 'nowhere'"],
            id="missing import",
        ),
        pytest.param(
            {"app.py": "\ndef x(:"}, "app.py", ["SyntaxError", "app.py:2"], id="syntax"
        ),
        pytest.param(
            {"app.py": "import sys; sys.exit(4)"},
            "app.py",
            ["ended the process at import (exit code 4)"],
            id="exit",
        ),
    ],
)
def test_what_cannot_be_loaded_says_why(start, files, app, words):
    """One line says what was looked for, where, and what was found."""
    worker = start.fork(files, app=app)
    said = worker.outcome()
    assert said["event"] == "failed"
    for word in words:
        assert word in said["reason"]
    assert "\n" not in said["reason"]
    assert worker.wait() == 3


def test_a_traceback_begins_in_the_service(start):
    """What glassware did before the service's first line is no help to its author."""
    worker = start.fork("def f():\n    1 / 0\nf()")
    lines = worker.outcome()["traceback"].splitlines()
    assert lines[1].endswith('app.py", line 3, in <module>')
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_file_is_loaded_under_its_services_name(start):
    """Templates, static files and `import_name` belong to the service."""
    worker = start.fork(
        {
            "app.py": FLASK + "@app.get('/page')\n"
            "def page():\n    import flask; return flask.render_template('page.html')",
            "templates/page.html": "page",
            "static/style.css": "style",
        }
    )
    worker.ready()
    home = worker.ask("/").json
    assert (home["name"], home["import"]) == ("catalog", "catalog")
    assert home["root"] == worker.job["folder"]
    assert worker.ask("/page").body == b"page"
    assert worker.ask("/static/style.css").body == b"style"


def test_neighbouring_modules_import_the_same_file_once(start):
    """`from app import db` in `models.py` does not make a second application."""
    worker = start.fork(
        {
            "app.py": FLASK + "db = object()\nimport models\n"
            "@app.get('/same')\ndef same():\n    return [models.db is db]",
            "models.py": "from app import db",
        }
    )
    worker.ready()
    assert worker.ask("/same").json == [True]


@pytest.mark.parametrize("service", ["flask", "json", "redis", "calendar"])
def test_a_service_may_be_called_like_a_library(start, service):
    """Its module then keeps the file's name, and the library stays importable."""
    worker = start.fork({"app.py": FLASK}, service=service)
    worker.ready()
    assert worker.ask("/").json["name"] == "app"


def test_a_service_name_with_a_hyphen_is_a_module(start):
    """A hyphen becomes an underscore."""
    worker = start.fork({"app.py": FLASK}, service="gift-cards")
    worker.ready()
    assert worker.ask("/").json["name"] == "gift_cards"


def test_a_bare_run_does_nothing(start):
    """A file that ends with `app.run()` is served all the same."""
    worker = start.fork(FLASK + "\napp.run(port=80)\n")
    worker.ready()
    assert worker.ask("/").status == 200


def test_the_folder_is_the_working_folder(start):
    """Relative paths mean what they mean under `flask run`."""
    worker = start.fork(
        {"app.py": FLASK + "text = open('data.txt').read()", "data.txt": ""}
    )
    worker.ready()


def test_variables_are_those_of_the_job_alone(start):
    """Nothing of the zygote's environment is left, and `PYTHONPATH` counts."""
    worker = start.fork(
        {
            "app.py": FLASK + "import os, extra\n"
            "@app.get('/variables')\ndef variables():\n    return dict(os.environ)",
            "lib/extra.py": "",
        },
        environment={"ONLY": "this", "PYTHONPATH": "lib", "TZ": "Asia/Tokyo"},
    )
    said = worker.outcome()
    assert said["event"] == "ready", said
    seen = worker.ask("/variables").json
    assert set(seen) == {"ONLY", "PYTHONPATH", "TZ", "FLASK_RUN_FROM_CLI"}


def test_endpoints_and_files_are_reported(start):
    """Each rule comes with its view's place, through decorators and blueprints."""
    worker = start.fork(
        {
            "app.py": """
            from functools import wraps
            from flask import Flask
            import views
            app = Flask(__name__, static_folder=None)
            app.register_blueprint(views.pages)

            def decorated(view):
                @wraps(view)
                def inner(*args, **named):
                    return view(*args, **named)
                return inner

            @app.route("/items/<int:id>", methods=["GET", "DELETE"])
            @decorated
            def item(id):
                return str(id)
            """,
            "views.py": """
            from flask import Blueprint
            from flask.views import MethodView
            pages = Blueprint("pages", __name__)

            class List(MethodView):
                def get(self):
                    return "list"

            pages.add_url_rule("/list", view_func=List.as_view("list"))
            """,
        }
    )
    said = worker.ready()
    folder = worker.job["folder"]
    assert said["endpoints"] == [
        {
            "name": "pages.list",
            "rule": "/list",
            "methods": ["GET"],
            "file": f"{folder}/views.py",
            "line": 6,
        },
        {
            "name": "item",
            "rule": "/items/<int:id>",
            "methods": ["DELETE", "GET"],
            "file": f"{folder}/app.py",
            "line": 14,
        },
    ]
    assert said["modules"] == [f"{folder}/app.py", f"{folder}/views.py"]


def test_django_is_found_and_listed(start):
    """A project with a `manage.py` needs no word in a manifest either."""
    worker = start.fork(
        {
            "manage.py": "import os\n"
            'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n',
            "mysite/__init__.py": "",
            "mysite/settings.py": "SECRET_KEY = 'x'\nROOT_URLCONF = 'mysite.urls'\n"
            "ALLOWED_HOSTS = ['*']\n",
            "mysite/urls.py": """
            from django.http import HttpResponse
            from django.urls import include, path, reverse

            def polls(request, id):
                return HttpResponse(f"{request.path} {reverse('api:polls', args=[2])}")

            urlpatterns = [
                path("api/", include(([path("<int:id>/", polls, name="polls")], "api")))
            ]
            """,
            "mysite/wsgi.py": """
            import os
            from django.core.wsgi import get_wsgi_application
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
            application = get_wsgi_application()
            """,
        },
        app=None,
        mounts=["/polls"],
    )
    said = worker.ready()
    assert said["endpoints"] == [
        {
            "name": "api:polls",
            "rule": "/api/<int:id>/",
            "methods": [],
            "file": f"{worker.job['folder']}/mysite/urls.py",
            "line": 5,
        }
    ]
    answer = worker.ask("/polls/api/1/", headers={"x-forwarded-prefix": "/polls"})
    assert answer.body == b"/polls/api/1/ /polls/api/2/"


@pytest.mark.parametrize(
    ("text", "event", "code"),
    [(FLASK + "print('noise')", "ready", 0), ("import nowhere", "failed", 3)],
)
def test_inspect_describes_without_serving(start, text, event, code):
    """The endpoints of a service are known while the site does not run."""
    job = start.job({"app.py": text})
    done = subprocess.run(
        [sys.executable, "-m", "glassware.worker", "inspect"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout)
    assert (said["event"], done.returncode) == (event, code)
    if event == "ready":
        assert said["endpoints"][1]["name"] == "home"
        assert "noise" in done.stderr
