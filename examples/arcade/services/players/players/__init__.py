"""The players: who has a name here, and their best score.

Only neighbours reach it. It knows nothing of cookies: those belong to the service
that shows pages.
"""

from flask import Flask

from players.views import api


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    return app
