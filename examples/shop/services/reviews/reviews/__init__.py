"""The reviews: what people think of what they bought, kept in MongoDB.

Only neighbours reach it. A design has one document with everything that is said about
it, so that a page needs to ask for one thing.
"""

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from reviews.views import api


def create_app() -> Flask:
    """Make the application."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(api)
    app.register_error_handler(HTTPException, refused)
    return app


def refused(error: HTTPException) -> ResponseReturnValue:
    """Say in JSON what was wrong with a request."""
    return {"error": error.description}, error.code or 500
