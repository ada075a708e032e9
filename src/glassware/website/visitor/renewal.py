"""A visitor's token made anew, for as long as the visitor comes back in time."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from glassware.protocol import VISITOR
from glassware.service.settings import current
from glassware.service.visit_tokens import Visit, VisitVerifier
from glassware.service.visits import has_ended, visiting_of
from glassware.tokens import NotVerified

from .desk import Desk


Renewer = Callable[[str], Any]
"""Is given a user's id; returns what `sign_in` is given besides, or `None`."""

Run = Callable[[Coroutine[Any, Any, Any]], Any]

contexts: dict[str, Callable[[], AbstractContextManager[Any]]] = {}
"""How to enter the application of each service of this process, where it needs that."""

renewers: dict[str, Renewer] = {}
"""What the services of this process have to say about each renewal."""


def renew(cookie: str, run: Run = asyncio.run) -> list[tuple[str, str]]:
    """Return the headers that renew a visitor's token; none: it cannot be.

    Args:
        cookie: The header `Cookie` of the request that waits for it.
        run: Runs what an async function of the service returns.

    Raises:
        Exception: Whatever the service's own function raises.
    """
    desk = Desk.here()
    if desk is None:
        return []
    visit = verified_renewal(desk.renewal_of(cookie))
    if visit is None:
        return []
    if has_ended(visit, desk.settings):
        return desk.cleared()
    fresh = _asked(desk.settings.service, visit, run)
    if fresh is None:
        desk.end(visit)
        return desk.cleared()
    token, cookies = desk.cookies(fresh)
    return [(VISITOR, token), *cookies]


def verified_renewal(token: str) -> Visit | None:
    """Return what a token to renew with proves; `None`: nothing."""
    visiting = visiting_of(current())
    try:
        return VisitVerifier(visiting.site, visiting.keys, "renewal").visit(token)
    except NotVerified:
        return None


def _asked(service: str, visit: Visit, run: Run) -> Visit | None:
    """Return what the service says of the visitor now; `None`: nobody is signed in."""
    renewer = renewers.get(service)
    if renewer is None:
        return visit
    with contexts.get(service, nullcontext)():
        said = renewer(visit.user)
        if inspect.isawaitable(said):
            said = run(_awaited(said))
    return None if said is None else described(visit, said)


def described(visit: Visit, said: Mapping[str, Any]) -> Visit:
    """Return a visit with other roles and claims.

    Args:
        visit: Whose, and since when.
        said: What `sign_in` is given besides the user's id.
    """
    claims = dict(said)
    roles: Iterable[str] = claims.pop("roles", ())
    return replace(visit, roles=tuple(map(str, roles)), claims=claims)


async def _awaited(said: Any) -> Any:
    return await said
