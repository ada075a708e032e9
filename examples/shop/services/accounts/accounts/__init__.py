"""The accounts: who has registered, and whether a password is theirs.

Only neighbours reach it. It knows nothing of cookies or sessions: those belong
to the service that shows pages.
"""

from flask import Flask
from flask.typing import ResponseReturnValue
from psycopg import OperationalError
from werkzeug.exceptions import HTTPException

from accounts.store import PostgresStore, Store
from accounts.views import api


def create_app(store: Store | None = None) -> Flask:
    """Make the application; without a `store` it keeps accounts in PostgreSQL."""
    app = Flask(__name__, static_folder=None)
    app.extensions["store"] = store or PostgresStore()
    app.register_blueprint(api)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(OperationalError, away)
    return app


def refused(error: HTTPException) -> ResponseReturnValue:
    """Say in JSON what was wrong with a request."""
    return {"error": error.description}, error.code or 500


def away(error: OperationalError) -> ResponseReturnValue:
    """Say that the accounts are away for the moment."""
    return {"error": "the accounts cannot be reached"}, 503
