"""Who visits, as a service finds out for itself, at the first use in a request."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from glassware.current import Incoming
from glassware.environment import Settings
from glassware.tokens import NotVerified
from glassware.visitors import (
    REVOCATIONS,
    VISITOR_COOKIE,
    Revocations,
    Visiting,
    visiting_at,
)

from .settings import current
from .visit_tokens import Visit, VisitVerifier


_log = logging.getLogger("glassware.visitors")


class Found(NamedTuple):
    """Who visits.

    Attributes:
        visit: What is proven; `None`: the visitor is anonymous.
        token: The proof, for neighbours.
    """

    visit: Visit | None = None
    token: str = ""


ANONYMOUS = Found()

VARIES = ("Vary", "Cookie")
"""What an answer says that was made for one visitor: nothing is to share it."""

_VARY = len("vary")

_verifiers: dict[str, tuple[Visiting, VisitVerifier]] = {}
_revocations: dict[str, Revocations] = {}


def found_of(asked: Incoming) -> Found:
    """Return who visits; it is looked at once a request."""
    found: Found | None = asked.visit
    if found is None:
        found = asked.visit = _find(asked, current())
    return found


def heed_vary(asked: Incoming, fields: Iterable[tuple[str, str]]) -> None:
    """Let an answer depend on the visitor if an answer that it is made of does.

    Args:
        asked: What is being answered.
        fields: The headers of a neighbour's answer.
    """
    if VARIES in asked.added:
        return
    for name, value in fields:
        if len(name) == _VARY and name.lower() == "vary" and "cookie" in value.lower():
            asked.added.append(VARIES)
            return


def visiting_of(settings: Settings) -> Visiting:
    """Return how the site of a service knows its visitors, as it is now."""
    return visiting_at(settings.visitors) if settings.visitors else Visiting()


def is_secure(settings: Settings) -> bool:
    """Return whether the site is visited over https."""
    return settings.url.startswith("https:")


def revocations_file(settings: Settings) -> Path:
    """Return where it is written that sign-ins have been ended."""
    return Path(settings.visitors).with_name(REVOCATIONS)


def has_ended(visit: Visit, settings: Settings) -> bool:
    """Return whether somebody has ended a sign-in.

    Raises:
        OSError: Nobody can say.
    """
    known = _revocations.get(settings.visitors)
    if known is None:
        known = Revocations(revocations_file(settings))
        known = _revocations.setdefault(settings.visitors, known)
    return known.ended(visit.session, visit.user, visit.since)


def read_cookie(header: str, name: str) -> str:
    """Return a cookie of a header `Cookie`; empty: it has none of that name."""
    if name in header:
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value.strip('"')
    return ""


def _find(asked: Incoming, settings: Settings) -> Found:
    if not settings.visitors or not (asked.visitor or asked.cookie):
        return ANONYMOUS
    visiting = visiting_at(settings.visitors)
    token = asked.visitor
    if not token:
        name = visiting.cookie(VISITOR_COOKIE, secure=is_secure(settings))
        token = read_cookie(asked.cookie, name)
    if not (token and visiting.sign_in):
        return ANONYMOUS
    try:
        visit = _verifier(settings.visitors, visiting).visit(token)
        return ANONYMOUS if has_ended(visit, settings) else Found(visit, token)
    except NotVerified:
        return ANONYMOUS
    except OSError:
        _log.exception("nobody can say who has signed out, so nobody is signed in")
        return ANONYMOUS


def _verifier(path: str, visiting: Visiting) -> VisitVerifier:
    known = _verifiers.get(path)
    # One object for as long as the file says the same.
    if known is None or known[0] is not visiting:
        known = visiting, VisitVerifier(visiting.site, visiting.keys)
        _verifiers[path] = known
    return known[1]
