"""Flask-Login, with the visitors of the site for its users.

Only what Flask-Login documents is used: its loader, its anonymous user, its handler
for who is not allowed, and its signals.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Flask, abort, flash, redirect, request, url_for

from glassware.errors import UsageError
from glassware.service.settings import current
from glassware.service.visits import visiting_of

from .login import turn_away
from .proxy import visitor


About = Callable[[Any], Mapping[str, Any]]


class Signs(Protocol):
    """What signs visitors in and out."""

    def sign_in(self, user_id: object, /, **said: Any) -> None:
        """Sign the visitor of this request in."""

    def sign_out(self) -> None:
        """Sign the visitor of this request out."""

    def on_renew(self, function: Any) -> Any:
        """Let a function say who a visitor is by now."""


class _Bridge:
    """What one login manager is given.

    Args:
        manager: Flask-Login's.
        load: Returns a user, or `None`.
        about: What `sign_in` is given besides the id.
        identity: Signs in and out.
    """

    def __init__(
        self,
        manager: Any,
        load: Callable[[str], Any],
        about: About | None,
        identity: Signs,
    ) -> None:
        self._manager = manager
        self._load = load
        self._about = about
        self._identity = identity
        self._stranger = manager.anonymous_user

    def user(self, user_id: str) -> Any:
        """Return the user of a session: the visitor, whatever the session says."""
        if not _has_visitors():
            return self._load(user_id)
        return self._load(visitor.id) if visitor.is_signed_in else None

    def anonymous(self) -> Any:
        """Return who it is where there is no session."""
        user = None
        if _has_visitors() and visitor.is_signed_in:
            user = self._load(visitor.id)
        return self._stranger() if user is None else user

    def unauthorized(self) -> Any:
        """Lead to the site's page to sign in at; without a site, to the own one."""
        if _has_visitors():
            answer = turn_away()
            self._flash()
            return answer
        views: Mapping[str, str] = self._manager.blueprint_login_views
        view = views.get(request.blueprint or "", self._manager.login_view)
        if not view:
            abort(401)
        self._flash()
        return redirect(url_for(view, next=request.full_path.rstrip("?")))

    def signed_in(self, app: Flask, user: Any, **_: Any) -> None:
        """Sign a user in site-wide who has just signed in here."""
        if self._is_meant(app):
            self._identity.sign_in(user.get_id(), **self.said(user))

    def signed_out(self, app: Flask, **_: Any) -> None:
        """Sign a user out site-wide who has just signed out here."""
        if self._is_meant(app):
            self._identity.sign_out()

    def renewed(self, user_id: str) -> Mapping[str, Any] | None:
        """Return what is said of a user now; `None`: there is no such user."""
        user = self._load(user_id)
        return None if user is None else self.said(user)

    def said(self, user: Any) -> Mapping[str, Any]:
        """Return what `sign_in` is given besides the id of a user."""
        return {} if self._about is None else self._about(user)

    def _flash(self) -> None:
        """Say why, as Flask-Login does, on the page that the visitor is led to."""
        manager = self._manager
        if manager.login_message:
            localize = manager.localize_callback or (lambda message: message)
            flash(localize(manager.login_message), manager.login_message_category)

    def _is_meant(self, app: Flask) -> bool:
        # Signals are those of all applications of the process.
        return getattr(app, "login_manager", None) is self._manager and _has_visitors()


def bridge(
    manager: Any,
    load: Callable[[str], Any] | None,
    about: About | None,
    identity: Signs,
) -> None:
    """Let a login manager know the visitors of the site; see `Identity.bridge`.

    Raises:
        UsageError: Nothing says how a user is loaded.
    """
    load = load or manager.user_callback
    if load is None:
        raise UsageError(
            "`identity.bridge` does not know how a user is loaded",
            hint="`identity.bridge(login_manager, load_user)`, where `load_user` "
            "takes the user's id",
        )
    made = _Bridge(manager, load, about, identity)
    manager.user_loader(made.user)
    manager.anonymous_user = made.anonymous
    if manager.unauthorized_callback is None:
        manager.unauthorized_handler(made.unauthorized)
    signals: Any = importlib.import_module("flask_login.signals")
    signals.user_logged_in.connect(made.signed_in, weak=False)
    signals.user_logged_out.connect(made.signed_out, weak=False)
    if about is not None:
        identity.on_renew(made.renewed)


def _has_visitors() -> bool:
    return bool(visiting_of(current()).sign_in)
