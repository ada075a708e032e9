"""The matches: everything that was ever played, as it is asked for.

Only neighbours reach it. It only ever adds: rows of a player and of a day, and totals.
"""

from flask import Flask

from matches.views import api, parts


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    app.register_blueprint(parts)
    return app
