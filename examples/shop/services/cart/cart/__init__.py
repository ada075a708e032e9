"""The cart: what a visitor has put aside, kept in Valkey.

Only neighbours reach it. It knows products by their slug and nothing else
about them: names, prices and stock are the catalog's business.
"""

from flask import Flask
from flask.typing import ResponseReturnValue
from redis import RedisError
from werkzeug.exceptions import HTTPException

from cart.views import api


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(RedisError, away)
    return app


def refused(error: HTTPException) -> ResponseReturnValue:
    """Say in JSON what was wrong with a request."""
    return {"error": error.description}, error.code or 500


def away(error: RedisError) -> ResponseReturnValue:
    """Say that the carts are away for the moment."""
    return {"error": "the carts cannot be reached"}, 503
