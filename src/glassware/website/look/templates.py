"""The site's own templates, in every service under the name `site/…`.

They are read where they are, in the folder of the layout. A service's own template
of that name comes first.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from glassware.service.settings import current


NAME = "site"
"""What stands before the names of the layout's templates."""

LAYOUT = "layout"
"""The service that serves its files."""


def layout_folder() -> Path | None:
    """Return where the layout is; `None`: the site has none."""
    said = current().layout
    # By hand it may be said from where the service runs.
    return Path(said).absolute() if said else None


def init_app(app: Flask) -> None:
    """Let an application find the layout's templates, and its files if it is alone."""
    add_templates(app.jinja_env)
    folder = layout_folder()
    if folder and not current().directory and LAYOUT not in app.blueprints:
        # Nobody else serves them, and no directory says where.
        app.register_blueprint(
            Blueprint(
                LAYOUT,
                __name__,
                static_folder=folder / "static",
                static_url_path=f"/{NAME}/static",
            )
        )


def init_quart(application: Any) -> None:
    """Let an application of Quart find the templates; leave any other alone."""
    quart = sys.modules.get("quart")
    if quart is not None and isinstance(application, quart.Quart):
        add_templates(application.jinja_env)


def add_templates(environment: Environment) -> None:
    """Let any Jinja environment find the layout's templates, after its own."""
    folder = layout_folder()
    if folder is None:
        return
    layout = PrefixLoader({NAME: FileSystemLoader(folder / "templates")})
    loaders: Iterable[BaseLoader | None] = (environment.loader, layout)
    environment.loader = ChoiceLoader([each for each in loaders if each is not None])


def site_environment(**options: Any) -> Environment:
    """Return a Jinja environment that finds the layout's templates.

    It is for other frameworks: Django takes it as the `environment` of its backend
    `django.template.backends.jinja2.Jinja2`.

    Args:
        options: Those of `jinja2.Environment`.
    """
    made = Environment(**options)  # noqa: S701 - `autoescape` is the caller's
    add_templates(made)
    return made
