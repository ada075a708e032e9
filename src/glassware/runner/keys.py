"""The keys of a running site: those of calls are made when it starts, and kept nowhere.

Each service has one, and the site itself has one: it signs for visitors, for
unknown programs, and for whoever sits at the terminal. Private keys leave the
supervisor only for the processes of their own service; the site's never does.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from glassware.plan import Plan
from glassware.tokens import SITE, Key


DAY = 86_400.0
"""Seconds that a token in the gateway's configuration lives.

So long does a site whose supervisor is gone serve on.
"""


@dataclass(frozen=True, slots=True)
class CookieKey:
    """The pair that signs what a service keeps with visitors for others to read."""

    private: str = field(repr=False)
    public: str


@lru_cache(1024)
def cookie_key(secret: str) -> CookieKey:
    """Return the pair that a service's secret gives: it outlives the site's runs."""
    key = Key.derived(secret, "cookies")
    return CookieKey(key.text, key.public)


class Keys:
    """The keys of one site, made when they are first asked for.

    Args:
        wall: Seconds since the epoch, by a clock that may be set.
    """

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._keys: dict[str, Key] = {}
        self._public: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    def private(self, name: str) -> str:
        """Return the private key of a service."""
        return self._key(name).text

    def callers(self, plan: Plan, name: str) -> dict[str, str]:
        """Return the public keys of all that may call a service, by name."""
        return {
            caller: self._public_of(caller) for caller in (SITE, *plan.callers_of(name))
        }

    def tokens(self, plan: Plan, name: str) -> Mapping[str, str]:
        """Return what the gateway shows a service: the site's token, and pairs'."""
        callers = (SITE, *(caller for caller, callee in plan.pairs if callee == name))
        return {caller: self._token(caller, name) for caller in callers}

    def token(self, name: str) -> str:
        """Return a token that lets the terminal call a service for a moment."""
        return self._key(SITE).sign(SITE, name, now=self._wall())

    def are_due(self) -> bool:
        """Tell whether a token of the gateway is due to be made anew."""
        return any(self._is_due(made) for _, made in self._tokens.values())

    def _token(self, caller: str, callee: str) -> str:
        token, made = self._tokens.get((caller, callee), ("", 0.0))
        if self._is_due(made):
            made = self._wall()
            token = self._key(caller).sign(caller, callee, DAY, now=made)
            self._tokens[caller, callee] = token, made
        return token

    def _key(self, name: str) -> Key:
        if name not in self._keys:
            self._keys[name] = Key.generate()
        return self._keys[name]

    def _public_of(self, name: str) -> str:
        if name not in self._public:
            self._public[name] = self._key(name).public
        return self._public[name]

    def _is_due(self, made: float) -> bool:
        """Tell whether half of a token's life is over, also by a clock that was set."""
        return not made <= self._wall() < made + DAY / 2
