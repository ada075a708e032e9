"""The catalog: what the shop sells, as JSON, and a page that says how much is there.

Neighbours call it by name; the public reaches the same addresses below
`/api/catalog`, and those who run the shop the page at `/stock` of the host `admin.`.
"""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from catalog import stock
from catalog.views import api


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Make the application; `settings` go before the environment."""
    app = Flask(__name__, static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("SQLALCHEMY_DATABASE_URI")
    app.config.from_mapping(settings or {})

    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    if not uri:
        raise RuntimeError("the catalog needs `SQLALCHEMY_DATABASE_URI`")
    engine = create_engine(uri, pool_pre_ping=True)
    app.extensions["engine"] = engine
    app.extensions["session"] = sessionmaker(engine)

    app.register_blueprint(api)
    app.register_blueprint(stock.pages)
    return app
