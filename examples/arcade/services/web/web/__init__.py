"""The pages of the arcade, and the game.

It has no database: all that it shows belongs to its six neighbours. It does without
any of them as long as it can, and says so where something is missing.
"""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from web import guards, moths, neighbours, pages, playing


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Make the application; `settings` go before the environment."""
    app = Flask(__name__)
    app.config.from_mapping(MAX_CONTENT_LENGTH=256 * 1024)
    app.config.from_prefixed_env()
    app.config.from_mapping(settings or {})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_global(neighbours.hidden, "hidden_names")

    app.register_blueprint(pages.pages)
    app.register_blueprint(playing.pages)
    for part in (guards, moths):
        part.init_app(app)
    return app
