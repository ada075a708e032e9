"""The Flask extension that gives a service its part in the website."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from .fragments import framing, template
from .fragments.assets import tags
from .links import hook
from .look import error_pages, static, templates
from .sessions import csrf, flashes, own, shared
from .visitor import answers


_PARTS: tuple[Callable[[Flask], None], ...] = (
    hook.init_app,
    own.init_app,
    shared.init_app,
    flashes.init_app,
    templates.init_app,
    static.init_app,
    error_pages.init_app,
    tags.init_app,
    template.init_app,
    csrf.init_app,
    framing.init_app,
    answers.init_app,
)


class Website:
    """Links to neighbours, fragments, the visitor and the look of the site.

    A worker sets it up for every Flask application. Where none does, such as under
    plain `flask run`, the application does so itself, in Flask's usual two ways:

        website = Website()
        website.init_app(app)  # or Website(app)

    Args:
        app: The application; `None`: `init_app` is told later.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set an application up; a second time does nothing.

        Args:
            app: One that has answered no request yet.
        """
        if "glassware" in app.extensions:
            return
        app.extensions["glassware"] = self
        for init in _PARTS:
            init(app)


def take_in(application: Any) -> None:
    """Set an application up if it is one of Flask's; leave any other alone.

    Quart's have the same hooks for links and templates.
    """
    if isinstance(application, Flask):
        try:
            Website(application)
        except AssertionError:
            # One that has answered requests while it was imported takes no more.
            application.logger.warning(
                "it has answered a request already, so it has no fragments, no visitor "
                "and no look of the site; `Website(app)` before that gives it all"
            )
    elif hasattr(application, "url_build_error_handlers"):
        hook.init_app(application)
        templates.init_quart(application)
        answers.name_in_templates(application)
