"""The replays: the moves of every match, a document each, and what they came to.

Only neighbours reach it. It takes nobody's word for a score: it plays the moves again,
and keeps what came of it.
"""

from flask import Flask

from replays.views import api, parts


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    app.register_blueprint(parts)
    return app
