"""What a visitor meets whose request ends its worker, the only one that there is."""

import pytest


APP = """
    import os
    import signal
    from pathlib import Path

    from flask import Flask

    app = Flask(__name__)
    HERE = Path(__file__).parent


    def began(name):
        with (HERE / f"{name}.count").open("a") as count:
            count.write("x")
        return len((HERE / f"{name}.count").read_text())


    @app.route("/once/<name>", methods=["GET", "POST", "PUT"])
    def once(name):
        if began(name) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return "at last"


    @app.route("/always/<name>", methods=["GET", "POST", "PUT"])
    def always(name):
        began(name)
        os.kill(os.getpid(), signal.SIGKILL)
    """
SITE = {
    "services/web/app.py": APP,
    "services/web/service.toml": 'route = "/"\n',
}
KEY = {"Idempotency-Key": "1"}


@pytest.fixture
def crashing(site):
    """A service with one worker; after each end the pause is longer, so one a test."""
    site.write(SITE)
    site.up()
    return site


def count(site, name):
    """Return how often a view began."""
    return len((site.folder / f"services/web/{name}.count").read_text())


@pytest.mark.parametrize(
    ("method", "headers"), [("GET", {}), ("PUT", {}), ("POST", KEY)]
)
def test_what_may_be_repeated_is_answered_by_the_next_worker(crashing, method, headers):
    """The visitor waits a moment, and notices nothing else."""
    name = f"{method}-once"

    answer = crashing.get(f"/once/{name}", method, headers=headers)

    assert (answer.status, answer.text) == (200, "at last")
    assert count(crashing, name) == 2


@pytest.mark.parametrize(
    ("method", "headers"), [("GET", {}), ("PUT", {}), ("POST", KEY)]
)
def test_what_ends_each_worker_ends_two_of_them(crashing, method, headers):
    """And is not sent to a third."""
    name = f"{method}-always"

    answer = crashing.get(f"/always/{name}", method, headers=headers)

    assert (answer.status, answer.text) == (503, "The service broke off\n")
    assert answer.headers["Outcome"] is None
    assert count(crashing, name) == 2
    assert crashing.get(f"/once/{name}").text == "at last"


def test_what_may_not_be_repeated_is_not(crashing):
    """Nobody knows how far it came, and the answer says so."""
    answer = crashing.get("/once/posted", "POST")

    assert (answer.status, answer.headers["Outcome"]) == (503, "unknown")
    assert count(crashing, "posted") == 1
    assert crashing.get("/once/posted", "POST").text == "at last"
