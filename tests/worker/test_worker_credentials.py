"""Passwords of databases are in nothing that a worker writes or answers."""

import socket
from collections.abc import Iterator

import pytest

from waiting import until


PASSWORD = "Sesame%2F0pen"
PLAIN = "Sesame/0pen"
APP = """
import logging
import os
import redis
import psycopg
import sqlalchemy
from flask import Flask
from glassware import databases
app = Flask(__name__)
log = logging.getLogger("catalog")

@app.get("/main")
def main():
    with databases.main.connection(timeout=0.2):
        pass

@app.get("/cache")
def cache():
    databases.cache.ping()

@app.get("/sql")
def sql():
    url = databases.url("main").replace("postgresql:", "postgresql+psycopg:")
    sqlalchemy.create_engine(url).connect()

@app.get("/bad")
def bad():
    # What libpq says of a URL that it cannot read has all of it in it.
    psycopg.connect(databases.url("main").replace("@", "@[", 1))

@app.get("/caught")
def caught():
    try:
        bad()
    except psycopg.Error:
        log.exception("no connection")
    log.warning("tried %s", databases.url("main"))
    return "caught"
"""


@pytest.fixture
def port() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def variables(port: int) -> dict[str, str]:
    """What a service with two databases that are not there is told."""
    return {
        "PATH": "/usr/bin:/bin",
        "GLASSWARE_SERVICE": "catalog",
        "GLASSWARE_DATABASE_MAIN_URL": f"postgresql://ada:{PASSWORD}@127.0.0.1:{port}/d",
        "GLASSWARE_DATABASE_CACHE_URL": f"redis://:{PASSWORD}@127.0.0.1:{port}/0",
        "WERKZEUG_DEBUG_PIN": "off",
    }


def is_clean(text: str) -> bool:
    """Whether no spelling of the password is in a text."""
    return PASSWORD not in text and PLAIN not in text


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"server": "threaded"},
        {"development": True},
        {"development": True, "debug": True},
    ],
    ids=["production", "threaded", "development", "debugger"],
)
def test_errors_and_logs_have_no_password(start, variables, facts):
    """In the log, on the debugger's page, in what a neighbour is told."""
    worker = start.fork(APP, environment=variables, **facts)
    worker.ready()
    for page in ("bad", "caught", "sql", "main", "cache"):
        answer = worker.ask(f"/{page}", headers={"X-Glassware-Trace": "yes"})
        shown = answer.body.decode() + str(answer.headers)
        assert is_clean(shown), page
    until(lambda: worker.log().count("Traceback") >= 5, "the log")
    assert "***" in worker.log()
    assert "tried postgresql://ada:***@" in worker.log()
    assert is_clean(worker.log())


@pytest.mark.parametrize("development", [False, True])
def test_an_application_that_cannot_start_says_no_password(
    start, variables, development
):
    """Nor does the supervisor hear it."""
    app = APP + "\nbad()\n"
    said = start.fork(app, environment=variables, development=development).outcome()
    assert said["event"] == "failed"
    assert "***" in said["traceback"]
    assert is_clean(str(said))


def test_members_of_a_group_hide_each_others(start, variables):
    """Whose code it was is not always known."""
    jobs = [
        start.job({"app.py": APP}, service="catalog", environment=variables),
        start.job({"app.py": "def app(e, s): pass"}, service="other"),
    ]
    group = start.group(*jobs)
    group.ready()
    group.member("catalog").ask("/bad")
    until(lambda: "Traceback" in group.member("catalog").log(), "the log")
    assert is_clean(group.member("catalog").log())


def test_what_no_framework_logs_has_no_password_either(start, variables):
    """The traceback that the worker itself writes."""
    app = """
        import psycopg
        from glassware import databases

        def app(environ, start_response):
            psycopg.connect(databases.url("main").replace("@", "@[", 1))
        """
    worker = start.fork(app, environment=variables)
    worker.ready()
    assert worker.ask("/").status == 500
    until(lambda: "***" in worker.log(), "the traceback")
    assert is_clean(worker.log())
