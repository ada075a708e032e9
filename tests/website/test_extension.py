"""The extension that gives a Flask application its part in the website."""

from flask import Flask

from glassware import Website
from glassware.website.extension import take_in


def test_twice_is_once():
    """An application may say it itself, and a worker says it again."""
    app = Flask("twice")
    Website(app)
    before = [*app.after_request_funcs[None]]

    take_in(app)

    assert app.after_request_funcs[None] == before


def test_who_has_answered_already_serves_on(caplog):
    """Flask takes nothing more then: that is said, and no reason to end."""
    app = Flask("early")
    app.test_client().get("/")

    take_in(app)

    assert "it has answered a request already" in caplog.text
    assert app.test_client().get("/").status_code == 404
