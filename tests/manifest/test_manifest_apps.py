"""The application of a service is found by convention."""

from pathlib import Path

import pytest

from glassware.manifest.apps import find_app
from sites_on_disk import APP, write


FACTORY = "def create_app():\n    ...\n"
IMPORTED = "from .factory import create_app\n"
NAMED = "import flask\n\nsite = flask.Flask(__name__)\n"
GUARDED = "try:\n    from x import app\nexcept ImportError:\n    app = None\n"
BROKEN = "def create_app(:\n"


@pytest.mark.parametrize(
    ("files", "app"),
    [
        ({"app.py": ""}, "app.py"),
        ({"wsgi.py": ""}, "wsgi.py"),
        ({"asgi.py": ""}, "asgi.py"),
        ({"app.py": "", "wsgi.py": "", "shop/__init__.py": FACTORY}, "app.py"),
        ({"src/app.py": ""}, "src/app.py"),
        ({"main.py": NAMED}, "main.py"),
        ({"main.py": "print(1)"}, None),
        ({"my_shop.py": APP, "app/__init__.py": FACTORY}, "my_shop.py"),
        ({"my_shop/__init__.py": ""}, "my_shop"),
        ({"my_shop/__init__.py": "", "my_shop/app.py": APP}, "my_shop.app"),
        ({"src/my_shop/__init__.py": FACTORY}, "my_shop"),
        ({"flaskr/__init__.py": FACTORY, "tests/__init__.py": ""}, "flaskr"),
        ({"flaskr/__init__.py": IMPORTED}, "flaskr"),
        ({"flaskr/__init__.py": GUARDED}, "flaskr"),
        ({"flaskr/__init__.py": BROKEN}, "flaskr"),
        ({"flaskr/__init__.py": "", "flaskr/wsgi.py": APP}, "flaskr.wsgi"),
        ({"flaskr/__init__.py": ""}, None),
        ({"a/__init__.py": FACTORY, "b/__init__.py": FACTORY}, None),
        ({"src/flaskr/__init__.py": FACTORY}, "flaskr"),
        (
            {"manage.py": "", "mysite/wsgi.py": "", "mysite/__init__.py": ""},
            "mysite.wsgi:application",
        ),
        ({"manage.py": "", "a/wsgi.py": "", "b/wsgi.py": ""}, None),
        ({"server.py": APP}, None),
        ({}, None),
    ],
)
def test_where_an_application_is(tmp_path: Path, files: dict[str, str], app: str):
    """The usual places count, if the file there has or may have an application."""
    write(tmp_path, files)

    assert find_app(tmp_path, "my-shop") == app
