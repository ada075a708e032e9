"""Sessions: each service has its own cookie, so that none ends another's."""

import os

from flask import Flask, Request, Response, request
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionMixin,
)
from itsdangerous import BadSignature

from glassware.service.settings import current

from .config import settle


def init_app(app: Flask) -> None:
    """Give an application's session a name, a path and a key of its own."""
    said = current()
    settle(app.config, said, os.environ)
    usual = type(app.session_interface) is SecureCookieSessionInterface
    if usual and said.service:
        app.session_interface = OwnSessions(said.service)


class OwnSessions(SecureCookieSessionInterface):
    """Flask's own sessions, valid in one service alone.

    Args:
        service: Its name. What another one signed is worth nothing here, even if
            somebody gave both the same key.
    """

    def __init__(self, service: str) -> None:
        self.salt = f"cookie-session {service}"

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request, an empty one where there is none."""
        if not app.secret_key:
            return None
        if "HTTP_COOKIE" not in request.environ:
            # Looking for one costs more than all the rest.
            return self.session_class()
        values = request.cookies.getlist(self.get_cookie_name(app))
        signer = self.get_signing_serializer(app) if values else None
        if signer is None:
            return self.session_class()
        most = int(app.permanent_session_lifetime.total_seconds())
        # Browsers send the one of the longest path first. Where ours is for the
        # whole site, that is one from the time when it was not.
        value = values[-1 if self.get_cookie_path(app) == "/" else 0]
        try:
            return self.session_class(signer.loads(value, max_age=most))
        except BadSignature:
            return self.session_class()

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Let an answer have the session; of one that nobody touched it has nothing."""
        if getattr(session, "accessed", True) or session.modified or session:
            super().save_session(app, session, response)

    def get_cookie_path(self, app: Flask) -> str:
        """Return the path of the cookie, which is one that the request is below."""
        path = super().get_cookie_path(app)
        asked = f"{request.script_root}{request.path}"
        below = asked == path or asked.startswith(f"{path.rstrip('/')}/")
        return path if below else "/"
