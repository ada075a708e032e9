"""What the headers of an answer say of keeping it: RFC 9111 and RFC 5861."""

import re
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime


Fields = Collection[tuple[str, str]]

PERSONAL = frozenset({"authorization", "cookie", "x-glassware-visitor"})
"""Headers of a request by which a service knows whom it answers."""

KEPT = frozenset({200, 203, 204, 301, 302, 303, 307, 308, 404, 410})
"""Statuses of answers that may be kept, if their headers say for how long."""

_LONGEST = 2**31
_LIFETIME = frozenset({"cache-control", "expires"})
_LENGTHS = frozenset(map(len, _LIFETIME))
_DIRECTIVE = re.compile(r'([^\s=,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"?|[^\s,]*))?')


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long, and for whom, an answer may be kept.

    Attributes:
        everybody: Whether it is for everybody who asks for it, apart from what
            `vary` names; otherwise for who sends the very same.
        personal: Whether it is meant for one visitor alone.
        vary: Names of the headers that it depends on, in small letters, sorted.
        age: Its seconds when it came.
        fresh: The age up to which it is used without asking.
        revalidating: Seconds beyond, in which it is shown while it is renewed.
        failing: Seconds beyond, in which it stands in for one that fails.
    """

    everybody: bool
    personal: bool
    vary: tuple[str, ...]
    age: float
    fresh: float
    revalidating: float
    failing: float

    @property
    def useful(self) -> float:
        """The age from which on it is of no use any more."""
        return self.fresh + max(self.revalidating, self.failing)


def terms_of(status: int, fields: Fields, took: float = 0.0) -> Terms | None:
    """Return on which terms an answer may be kept; `None`: it may not.

    Args:
        status: Such as 200.
        fields: Its headers.
        took: Seconds between the question and the answer.
    """
    if not _says_how_long(fields):
        return None
    named = _by_name(fields)
    said = _directives(named.get("cache-control", ()))
    vary = _vary(named.get("vary", ()))
    if status not in KEPT or "no-store" in said or "*" in vary:
        return None
    # Whoever is shown it later would be given a cookie that is somebody else's.
    if "set-cookie" in named:
        return None
    personal = "private" in said
    shared = not personal and ("public" in said or "s-maxage" in said)
    lifetime = _lifetime(said, named, shared=shared)
    if lifetime is None:
        return None
    age = _seconds(named.get("age", ("",))[0], 0) + max(0.0, took)
    strict = {"no-cache", "must-revalidate", "proxy-revalidate"} & said.keys()
    return Terms(
        everybody=shared and PERSONAL.isdisjoint(vary),
        personal=personal,
        vary=vary,
        age=age,
        fresh=0.0 if "no-cache" in said else lifetime,
        revalidating=0.0 if strict else _told(said, "stale-while-revalidate"),
        failing=0.0 if strict else _told(said, "stale-if-error"),
    )


def _says_how_long(fields: Fields) -> bool:
    # Most answers say nothing, and are not taken apart for that.
    for name, _ in fields:
        if len(name) in _LENGTHS and name.lower() in _LIFETIME:
            return True
    return False


def _by_name(fields: Fields) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for name, value in fields:
        named.setdefault(name.lower(), []).append(value)
    return named


def _directives(values: Iterable[str]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for match in _DIRECTIVE.finditer(", ".join(values)):
        said.setdefault(match[1].lower(), []).append(match[2] or "")
    return said


def _vary(values: Iterable[str]) -> tuple[str, ...]:
    names = {name.strip().lower() for value in values for name in value.split(",")}
    return tuple(sorted(names - {""}))


def _lifetime(
    said: dict[str, list[str]], named: dict[str, list[str]], *, shared: bool
) -> float | None:
    """Return the seconds for which an answer is fresh; `None`: it does not say."""
    if shared and "s-maxage" in said:
        return _told(said, "s-maxage")
    if "max-age" in said:
        return _told(said, "max-age")
    if "expires" not in named:
        return None
    expires = _epoch(named["expires"][0])
    date = _epoch(named["date"][0]) if "date" in named else time.time()
    if len(named["expires"]) > 1 or expires is None or date is None:
        return 0.0
    return min(max(0.0, expires - date), float(_LONGEST))


def _told(said: dict[str, list[str]], name: str) -> float:
    # Said twice, the shorter counts; what cannot be read is 0.
    return min((_seconds(text, 0) for text in said.get(name, ())), default=0.0)


def _seconds(text: str, otherwise: float) -> float:
    digits = text.strip().strip('"')
    if not digits.isascii() or not digits.isdecimal():
        return otherwise
    return float(min(int(digits[:12]), _LONGEST))


def _epoch(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
