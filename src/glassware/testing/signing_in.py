"""Visitors whom a test lets sign in, without the page at which they do."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from glassware.environment import VISITOR_KEY, VISITORS, Settings, from_variables
from glassware.errors import UsageError
from glassware.service.visit_tokens import Visit, VisitSigner
from glassware.service.visits import is_secure, visiting_of
from glassware.tokens import Key
from glassware.visitors import FILE, VISITOR_COOKIE, Visiting, write_visiting


_KEY = "visitors.key"
_DAY = 86_400.0


def write_visitors(folder: Path, sign_in: str) -> None:
    """Write how the visitors of a test are known.

    Args:
        folder: Where to.
        sign_in: The site's page to sign in at; empty: it has none.
    """
    key = Key.generate() if sign_in else None
    keys = {} if key is None else {"test": key.public}
    said = Visiting(site="tests", sign_in=sign_in, keys=keys)
    (folder / FILE).write_text(write_visiting(said), encoding="utf-8")
    if key is not None:
        (folder / _KEY).write_text(f"test:{key.text}", encoding="utf-8")


def variables_of(folder: Path, service: str, sign_in: str) -> dict[str, str]:
    """Return the variables by which a service of a test knows its visitors."""
    said = {VISITORS: str(folder / FILE)}
    if service == sign_in.partition(".")[0]:
        said[VISITOR_KEY] = (folder / _KEY).read_text(encoding="utf-8")
    return said


def cookie_in(
    variables: Mapping[str, str], user_id: object, roles: Iterable[str], claims: Any
) -> tuple[str, str]:
    """Return the cookie, name and value, of a visitor of services in a test.

    Raises:
        UsageError: The site has no page to sign in at.
    """
    settings = from_variables(variables)
    file = Path(settings.visitors or "nowhere").with_name(_KEY)
    key = file.read_text(encoding="utf-8") if file.exists() else ""
    return cookie_of(settings, key, (user_id, roles, claims))


def cookie_of(
    settings: Settings, key: str, who: tuple[object, Iterable[str], Any]
) -> tuple[str, str]:
    """Return the cookie, name and value, of a visitor who has just signed in.

    Args:
        settings: Those of any service of the site.
        key: What visitors' tokens are signed with.
        who: The user's id, the roles, and what else is said.

    Raises:
        UsageError: The site has no page to sign in at.
    """
    visiting = visiting_of(settings)
    if not (visiting.sign_in and key):
        raise UsageError(
            "nobody can sign in: this site has no page for it",
            hint='`sign_in = "SERVICE.ENDPOINT"` of `[visitors]` in site.toml names it',
        )
    user_id, roles, claims = who
    now = time.time()
    visit = Visit(
        user=str(user_id),
        session=f"of a test, {now}",
        since=now,
        roles=tuple(roles),
        claims=claims,
    )
    token = VisitSigner(visiting.site, key).sign(visit, "visitor", _DAY)
    return visiting.cookie(VISITOR_COOKIE, secure=is_secure(settings)), token
