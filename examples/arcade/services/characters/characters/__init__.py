"""The characters: the moths of the players, what they have learned and found.

Only neighbours reach it. A moth is one item, found by its player and kind, with all
that belongs to it; no two need have the same attributes.
"""

from flask import Flask

from characters.views import api


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    return app
