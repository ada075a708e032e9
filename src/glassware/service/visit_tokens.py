"""The tokens that say who visits: what they hold, and what is believed of them.

One service signs visitors in and makes them; each verifies for itself. There are
two for each sign-in: one that says who visits, for minutes, and one that its
browser gets a new one with, for days. Neither counts as the other.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from glassware.tokens import LEEWAY, Clock, Key, NotVerified, Reader
from glassware.visitors import issuer_of


LONGEST = 3800
"""Characters of a token: with its name it is a cookie of 4 kB at most."""

Purpose = Literal["visitor", "renewal"]
"""What a token is for: to say who visits, or to get a new one."""

_DAY = 86_400.0
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a token says of a visitor who has signed in.

    Attributes:
        user: Who it is.
        session: The id of this sign-in.
        since: The epoch second at which it began.
        roles: What the visitor may be taken for.
        claims: Whatever else was said of the visitor.
    """

    user: str
    session: str
    since: float
    roles: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)


class VisitSigner:
    """Makes the tokens of visitors.

    Args:
        site: The site's name.
        key: `KEY_ID:PRIVATE_KEY`.
        wall: Seconds since the epoch.
    """

    def __init__(self, site: str, key: str, wall: Clock = time.time) -> None:
        self._issuer = issuer_of(site)
        self._key_id, _, private = key.partition(":")
        self._key = Key(private)
        self._wall = wall

    def sign(self, visit: Visit, purpose: Purpose, lifetime: float) -> str:
        """Return a token.

        Args:
            visit: What it says.
            purpose: What it is for.
            lifetime: Seconds.

        Raises:
            ValueError: It would be longer than a cookie may be.
            TypeError: The claims cannot be written as JSON.
        """
        begin = int(self._wall())
        claims = {
            "iss": self._issuer,
            "aud": purpose,
            "sub": visit.user,
            "sid": visit.session,
            "since": visit.since,
            "iat": begin,
            "exp": begin + int(lifetime),
            "roles": list(visit.roles),
            "claims": dict(visit.claims),
        }
        token = self._key.write(claims, self._key_id)
        if len(token) > LONGEST:
            raise ValueError(
                f"what is said of the visitor makes a token of {len(token)} "
                f"characters, and a cookie holds {LONGEST}"
            )
        return token


class VisitVerifier:
    """Tells what the tokens of a site's visitors say.

    Args:
        site: The site's name.
        keys: The public keys that count, by their names.
        purpose: What the tokens are for; others prove nothing here.
        wall: Seconds since the epoch, by a clock that may be set.
        monotonic: Seconds, by one that may not.
    """

    def __init__(
        self,
        site: str,
        keys: Mapping[str, str],
        purpose: Purpose = "visitor",
        wall: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        required = ("sub", "sid", "since", "roles", "claims")
        self._reader = Reader(keys, issuer_of(site), purpose, required)
        self._wall = wall
        self._monotonic = monotonic
        self._known: dict[str, tuple[Visit, float]] = {}

    def visit(self, token: str) -> Visit:
        """Return what `token` proves.

        Raises:
            NotVerified: It proves nothing.
        """
        known = self._known.get(token)
        if known is not None and self._monotonic() < known[1]:
            return known[0]
        if len(token) > LONGEST:
            raise NotVerified(f"it is longer than {LONGEST} characters")
        said = self._reader.read(token)
        try:
            left = self._left(float(said["iat"]), float(said["exp"]))
            visit = _visit(said)
        except (TypeError, ValueError, OverflowError) as error:
            raise NotVerified(str(error)) from None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = visit, self._monotonic() + left
        return visit

    def _left(self, begin: float, end: float) -> float:
        now = self._wall()
        if not now < end + LEEWAY:
            raise NotVerified("it has expired")
        # A clock that is set back must not end what was made for days.
        if end - begin <= _DAY and not begin - LEEWAY <= now:
            raise NotVerified("it comes from the future")
        return min(end - now, end - begin) + LEEWAY


def _visit(said: Mapping[str, Any]) -> Visit:
    if not (said["sub"] and said["sid"]):
        raise NotVerified("it does not say who visits")
    return Visit(
        user=str(said["sub"]),
        session=str(said["sid"]),
        since=float(said["since"]),
        roles=tuple(said["roles"]),
        # All requests with this token share them.
        claims=MappingProxyType(dict(said["claims"])),
    )
