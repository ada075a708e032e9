"""Signing visitors in and out, in the one service that may."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from glassware.current import Incoming
from glassware.errors import UsageError
from glassware.service.incoming import current_request
from glassware.service.settings import current
from glassware.service.visit_tokens import Visit
from glassware.service.visits import (
    ANONYMOUS,
    VARIES,
    Found,
    found_of,
    visiting_of,
)

from .desk import Desk
from .renewal import Renewer, described, renewers, verified_renewal
from .way_back import is_within, next_of_request


R = TypeVar("R", bound=Renewer)

_log = logging.getLogger("glassware.visitors")


class Identity:
    """Signs visitors in and out, for the whole site."""

    def sign_in(
        self, user_id: object, /, roles: Iterable[str] = (), **claims: Any
    ) -> None:
        """Sign the visitor of this request in.

        The answer to the request sets the cookies; `visitor` is that user at once.
        A sign-in that this browser had is ended.

        Args:
            user_id: Who it is, in every service; as text.
            roles: What `requires` asks for.
            **claims: What else every service is to know, such as a name to show;
                JSON, and about 2 kB at most.

        Raises:
            UsageError: This service is not the one that signs visitors in, or there
                is no request, or what is said cannot be put into a cookie.
        """
        desk, asked = _desk("sign_in"), _asked("sign_in")
        visit = Visit(
            user=_user(user_id), session=secrets.token_urlsafe(16), since=time.time()
        )
        visit = described(visit, {**claims, "roles": _roles(roles)})
        try:
            token, cookies = desk.cookies(visit)
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"the visitor `{visit.user}` cannot be signed in: {error}",
                hint="give `sign_in` what every page needs, and keep the rest in a "
                "database",
            ) from None
        try:
            _end_former(desk, asked)
        except OSError:
            # The browser forgets it all the same.
            _log.exception("the former sign-in of a browser could not be ended")
        _answer(asked, cookies)
        asked.visit = Found(visit, token)

    def sign_out(self) -> None:
        """Sign the visitor of this request out, everywhere on the site at once.

        Other browsers of the same user stay signed in.

        Raises:
            UsageError: This service is not the one that signs visitors in, or there
                is no request.
            OSError: It cannot be written down, so the visitor is still signed in.
        """
        desk, asked = _desk("sign_out"), _asked("sign_out")
        _end_former(desk, asked)
        _answer(asked, desk.cleared())
        asked.visit = ANONYMOUS

    def sign_out_everywhere(self, user_id: object = None, /) -> None:
        """Sign a user out in every browser.

        Args:
            user_id: Who; `None`: the visitor of this request.

        Raises:
            UsageError: This service is not the one that signs visitors in.
            OSError: It cannot be written down, so the user is still signed in.
        """
        desk = _desk("sign_out_everywhere")
        asked = current_request()
        visit = None if asked is None else found_of(asked).visit
        user = _user(user_id) if user_id is not None else visit.user if visit else ""
        if user:
            desk.end_all(user)
        if asked is not None and (user_id is None or (visit and visit.user == user)):
            _answer(asked, desk.cleared())
            asked.visit = ANONYMOUS

    def next_url(self, default: str = "/", *, given: str | None = None) -> str:
        """Return where a visitor goes after signing in or out: never to another site.

            return redirect(identity.next_url())

        Args:
            default: Where to go if nobody has said so, or what was said leads
                elsewhere.
            given: What was said; `None`: the parameter `next` of the query or form,
                in Flask.
        """
        said = next_of_request() if given is None else given
        return said if is_within(said) else default

    def on_renew(self, function: R) -> R:
        """Let a function say, every few minutes, who a visitor is by now.

        It is given the user's id, and returns what `sign_in` would be given besides,
        as a mapping; `None` signs the visitor out. In Flask it runs in the
        application's context, within a request that has no cookies. What it raises
        leaves the visitor anonymous for this request alone.

            @identity.on_renew
            def renew(user_id):
                user = db.session.get(User, user_id)
                return user and {"roles": user.roles, "name": user.name}

        Args:
            function: Sync or async.
        """
        renewers[current().service] = function
        return function

    def bridge(
        self,
        login_manager: Any,
        load: Callable[[str], Any] | None = None,
        *,
        about: Callable[[Any], Mapping[str, Any]] | None = None,
    ) -> None:
        """Let Flask-Login know the visitors of the site.

        `current_user` is the user whom `load` finds for the visitor's id. In the
        service that signs visitors in, `login_user` and `logout_user` sign in and out
        site-wide; in others, `login_required` leads to its page.

            login_manager = LoginManager(app)
            identity.bridge(login_manager, load_user)

        Args:
            login_manager: Flask-Login's.
            load: Returns a user, or `None`; `None`: the one that the manager has.
            about: What `sign_in` is given besides the id, for a user; also when the
                visitor's token is renewed.
        """
        from .bridge import bridge  # noqa: PLC0415 - others need no Flask

        bridge(login_manager, load, about, self)


identity = Identity()
"""Signs visitors in and out."""


def _desk(what: str) -> Desk:
    desk = Desk.here()
    if desk is not None:
        return desk
    settings = current()
    who = f"`{settings.service}`" if settings.service else "a service that runs alone"
    place = visiting_of(settings).service
    hint = (
        f"`{place}` does, as `[visitors] sign_in` in site.toml says: redirect there"
        if place
        else '`sign_in = "SERVICE.ENDPOINT"` of `[visitors]` in site.toml names who does'
    )
    raise UsageError(f"{who} may not `{what}`: it signs no visitors in", hint=hint)


def _asked(what: str) -> Incoming:
    asked = current_request()
    if asked is None:
        raise UsageError(f"`{what}` is for the visitor of a request, and there is none")
    return asked


def _user(user_id: object) -> str:
    user = "" if user_id is None else str(user_id)
    if not user:
        raise UsageError("a visitor cannot be signed in without an id")
    return user


def _roles(roles: Iterable[str]) -> list[str]:
    if isinstance(roles, str):
        raise UsageError(f"`roles` is a list, such as `[{roles!r}]`")
    return list(roles)


def _end_former(desk: Desk, asked: Incoming) -> None:
    # A token that is too old to say who visits still says which sign-in it is.
    renewal = asked.renewal or desk.renewal_of(asked.cookie)
    visit = found_of(asked).visit or verified_renewal(renewal)
    if visit is not None:
        desk.end(visit)


def _answer(asked: Incoming, cookies: list[tuple[str, str]]) -> None:
    # The last one counts, where there are several within a request.
    asked.added[:] = [
        *(pair for pair in asked.added if pair[0] != "Set-Cookie"),
        *([VARIES] if VARIES not in asked.added else []),
        *cookies,
    ]
