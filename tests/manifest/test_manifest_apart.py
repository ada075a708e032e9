"""What cannot be kept apart in one process is found where it is written."""

from textwrap import dedent

import pytest

from glassware.manifest import load, remarks
from sites_on_disk import APP, write


def found(folder, files, group='web = ["shop"]'):
    """Return the remarks on the service `shop`, by file and line, as they begin."""
    made = {f"services/shop/{name}": dedent(text) for name, text in files.items()}
    write(folder, {"site.toml": f"[groups]\n{group}\n", **made})
    return {
        f"{remark.file.relative_to(folder.resolve() / 'services/shop')}:{remark.line}": (
            remark.what
        )
        for remark in remarks(load(folder))
    }


def lines_of(folder, code):
    """Return the lines of an `app.py` that have a remark."""
    head = len(APP.splitlines())
    places = found(folder, {"app.py": APP + dedent(code)})
    return [int(place.partition(":")[2]) - head for place in places]


LATE = {
    "read in a view": ("import os\n@app.get('/')\ndef v():\n    os.environ['A']", [4]),
    "another spelling": (
        "from os import getenv as g, environ as e\ndef v():\n    g('A')\n    e.get('B')",
        [3, 4],
    ),
    "a lambda": ("import os\nv = lambda: os.environ['A']", [2]),
    "read at import": ("import os\nA = os.environ['A']", []),
    "a class at import": ("import os\nclass C:\n    A = os.getenv('A')", []),
    "a default": ("import os\ndef v(a=os.getenv('A')):\n    return a", []),
    "the factory": ("import os\ndef create_app():\n    return os.getenv('A')", []),
    "what the factory calls": (
        (
            "import os\ndef read():\n    return os.getenv('A')\n"
            "def create_app():\n    return read()"
        ),
        [],
    ),
    "a constructor at import": (
        "import os\nclass C:\n    def __init__(self):\n        os.getenv('A')\nc = C()",
        [],
    ),
    "a method called later": (
        "import os\nclass C:\n    def m(self):\n        os.getenv('A')\nc = C()",
        [4],
    ),
    "a view in the factory": (
        "import os\ndef create_app():\n    def v():\n        return os.getenv('A')",
        [4],
    ),
}
ELSEWHERE = {
    "opened in a view": ("def v():\n    open('data.json')", [2]),
    "opened at import": ("X = open('data.json').read()", []),
    "a path for later": ("from pathlib import Path\nX = Path('data')", [2]),
    "sqlite": ("import sqlite3\ndef v():\n    sqlite3.connect('x.db')", [3]),
    "sqlite in memory": (
        "import sqlite3\ndef v():\n    sqlite3.connect(':memory:')",
        [],
    ),
    "absolute": ("def v():\n    open('/etc/hosts')", []),
    "beside the file": (
        "from pathlib import Path\nX = Path(__file__).parent / 'data'",
        [],
    ),
    "not spelled out": ("def v(name):\n    open(name)", []),
}
EVERYWHERE = {
    "basicConfig": ("import logging\nlogging.basicConfig()", [2]),
    "dictConfig": ("from logging.config import dictConfig\ndictConfig({})", [2]),
    "own logger": ("import logging\nlogging.getLogger('x').setLevel(1)", []),
    "chdir": ("import os\nos.chdir('/')", [2]),
    "a signal": ("from signal import signal\ndef v():\n    signal(1, None)", [3]),
    "locale": ("import locale\nlocale.setlocale(locale.LC_ALL, 'C')", [2]),
    "recursion": ("import sys\nsys.setrecursionlimit(9)", [2]),
    "own random": ("import random\nrandom.Random(1)", []),
    "a thread at import": ("import threading as t\nt.Thread(target=print)", [2]),
    "a thread in a view": (
        "import threading as t\ndef v():\n    t.Thread(target=print)",
        [],
    ),
}
CASES = LATE | ELSEWHERE | EVERYWHERE


@pytest.mark.parametrize("case", CASES)
def test_remarks(tmp_path, case):
    """Each at the line where it is, and only what would be different."""
    code, lines = CASES[case]

    assert lines_of(tmp_path, code) == lines


def test_the_whole_package_is_looked_at_and_what_nobody_imports_is_not(tmp_path):
    """A function that another file calls at import is early there, too."""
    places = found(
        tmp_path,
        {
            "shop/__init__.py": """
                from flask import Flask
                from . import views
                from .settings import read

                app = Flask(__name__)
                VALUE = read()
                """,
            "shop/settings.py": """
                import os

                def read():
                    return os.environ["A"]
                """,
            "shop/views.py": """
                import os

                def view():
                    return os.environ["A"]
                """,
            "shop/script.py": "import os\nos.chdir('/')\n",
            "tests/test_shop.py": "import os\nos.chdir('/')\n",
        },
    )

    assert places == {
        "shop/views.py:5": (
            "`os.environ` is asked after the start, and has only what all members "
            "agree on"
        )
    }


def test_a_service_with_a_process_of_its_own_has_no_remark(tmp_path):
    """There is nobody whom it could disturb."""
    code = {"app.py": APP + "import os\nos.chdir('/')\n"}

    assert found(tmp_path, code, group="web = []") == {}


def test_code_that_does_not_parse_has_no_remark(tmp_path):
    """It will not run either, and its worker says why."""
    assert found(tmp_path, {"app.py": "def broken(:\n"}) == {}


def test_a_django_project_is_looked_at_as_a_whole(tmp_path):
    """Its settings name most of it; what is installed beside it is not its own."""
    late = "import os\ndef view():\n    return os.environ['A']\n"
    files = {
        "manage.py": "",
        "project/wsgi.py": "application = None\n",
        "pages/views.py": late,
        "pages/tests/test_views.py": late,
        "env/lib/python3.13/site-packages/other.py": late,
    }

    assert [*found(tmp_path, files)] == ["pages/views.py:3"]
