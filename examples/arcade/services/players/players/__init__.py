"""The players: who has a name here, and their best score.

Here visitors enter, for the whole site. No other service sees a password.
"""

from flask import Flask

from players.pages import pages
from players.views import api


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(pages)
    app.register_blueprint(api)
    return app
