"""The storefront: the pages that visitors see.

It has no database. What it shows it asks of four neighbours: the catalog, the cart,
the accounts and the reviews. Without the catalog there is nothing to show; without
the other three the pages say so quietly and go on.
"""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from storefront import account_pages, cart_pages, drawing, guards, shop_pages, wording


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Make the application; `settings` go before the environment."""
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=os.environ.get("SECRET_KEY"),
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(settings or {})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    app.register_blueprint(shop_pages.pages)
    app.register_blueprint(cart_pages.pages)
    app.register_blueprint(account_pages.pages)
    for part in (drawing, guards, wording):
        part.init_app(app)
    return app
