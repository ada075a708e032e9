import re

import pytest

from waiting import until


APP = """
from flask import Flask, render_template
app = Flask(__name__)
app.jinja_env.filters["shout"] = str.upper

@app.get("/")
def home():
    return render_template("home.html", name="a")

@app.get("/raise")
def fail():
    local = "a local"
    raise ValueError("seen")
"""
TEMPLATES = {"templates/home.html": "{{ name|shout }} first"}


def _change(worker, name, text):
    with open(f"{worker.job['folder']}/{name}", "w") as file:  # noqa: PTH123
        file.write(text)


def test_templates_and_static_files_change_without_a_reload(start):
    """In development, what is no Python is read again; the worker stays the same."""
    files = {"app.py": APP, **TEMPLATES, "static/style.css": "first"}
    worker = start.fork(files, development=True)
    worker.ready()
    assert worker.ask("/").body == b"A first"
    assert worker.ask("/static/style.css").body == b"first"
    _change(worker, "templates/home.html", "{{ name|shout }} second, longer")
    _change(worker, "static/style.css", "second")
    assert worker.ask("/").body == b"A second, longer"
    assert worker.ask("/static/style.css").body == b"second"


def test_templates_are_kept_in_production(start):
    """Without `development`, Flask's own setting holds."""
    worker = start.fork({"app.py": APP, **TEMPLATES})
    worker.ready()
    assert worker.ask("/").body == b"A first"
    _change(worker, "templates/home.html", "second, longer")
    assert worker.ask("/").body == b"A first"


def test_an_author_who_decided_is_obeyed(start):
    """A setting that the application makes is not overruled."""
    text = APP.replace(
        "app.jinja_env", "app.config['TEMPLATES_AUTO_RELOAD'] = False\napp.jinja_env"
    )
    worker = start.fork({"app.py": text, **TEMPLATES}, development=True)
    worker.ready()
    worker.ask("/")
    _change(worker, "templates/home.html", "second, longer")
    assert worker.ask("/").body == b"A first"


@pytest.fixture
def debugged(start):
    """A worker with the debugger in its pages."""
    worker = start.fork(
        {"app.py": APP, **TEMPLATES},
        debug=True,
        mounts=["/shop"],
        environment={"FLASK_DEBUG": "1", "GLASSWARE_URL": "http://shop.test:8000"},
    )
    worker.ready()
    return worker


HEADERS = {"Host": "shop.test:8000", "x-forwarded-prefix": "/shop"}


def test_the_debugger_is_in_the_page(debugged):
    """An exception is shown with its frames, and its text is in the log."""
    answer = debugged.ask("/shop/raise", headers=HEADERS)
    assert answer.status == 500
    assert b"ValueError: seen" in answer.body
    assert b"EVALEX = true" in answer.body
    until(lambda: "ValueError: seen" in debugged.log(), "the traceback in the log")


def test_the_debugger_runs_code_for_who_knows_the_pin(debugged):
    """The PIN is in the log; with it, and only with it, frames can be asked."""
    page = debugged.ask("/shop/raise", headers=HEADERS).body.decode()
    secret = re.search(r'SECRET = "(\w+)"', page)[1]
    frame = re.findall(r'id="frame-(\d+)"', page)[-1]
    query = f"/shop/raise?__debugger__=yes&cmd=local.upper()&frm={frame}&s={secret}"
    assert b"A LOCAL" not in debugged.ask(query, headers=HEADERS).body
    pin = re.search(r"its PIN is ([\d-]+)", debugged.log())[1]
    authenticate = f"/shop/raise?__debugger__=yes&cmd=pinauth&pin={pin}&s={secret}"
    answer = debugged.ask(authenticate, headers=HEADERS)
    assert answer.json["auth"] is True
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    answer = debugged.ask(query, headers={**HEADERS, "Cookie": cookie})
    assert b"A LOCAL" in answer.body


def test_the_debugger_answers_no_foreign_host(debugged):
    """A page of another site cannot reach it through a name of its own."""
    answer = debugged.ask("/shop/raise", headers={**HEADERS, "Host": "evil.test"})
    assert answer.status == 500
    assert b"EVALEX = false" in answer.body
