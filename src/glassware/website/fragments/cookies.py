"""Whose a cookie is: services hand each other none that is not theirs.

A cookie of a service has the service's name and `_` before its own, as the session
of each has; it may be a `__Host-` or `__Secure-` one. Where two services fit, such
as `shop` and `shop-admin`, it is the one with the longer name.
"""

from collections.abc import Iterable, Iterator

from glassware.environment import spelled


SHARED = "_shared"
"""How the cookies end that every service may read; see `shared`."""

_PREFIXES = ("__host-", "__secure-")


def owner_of(cookie: str, services: Iterable[str]) -> str:
    """Return the service whose cookie it is; empty: it is none of theirs.

    Args:
        cookie: Its name.
        services: The names of all services.
    """
    plain = cookie.lower()
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    plain = spelled(plain)
    fitting = (name for name in services if plain.startswith(f"{spelled(name)}_"))
    return max(fitting, key=len, default="")


def cookies_for(service: str, header: str, services: Iterable[str]) -> str:
    """Return what of a header `Cookie` is a service's own, or for all to read."""
    # Most visitors have none of it: nothing is to be taken apart then.
    known = spelled(header)
    if f"{spelled(service)}_" not in known and f"{SHARED}=" not in known:
        return ""
    names = (*services, service)
    return "; ".join(
        pair
        for pair in (part.strip() for part in header.split(";"))
        if _is_for(service, pair.partition("=")[0], names)
    )


def own_set_cookies(
    service: str, headers: Iterable[str], services: Iterable[str]
) -> Iterator[str]:
    """Return the values of `Set-Cookie` that a service may set in its own name."""
    names = (*services, service)
    for header in headers:
        if owner_of(header.partition("=")[0].strip(), names) == service:
            yield header


def _is_for(service: str, cookie: str, names: Iterable[str]) -> bool:
    owner = owner_of(cookie, names)
    return owner == service or (bool(owner) and cookie.endswith(SHARED))
