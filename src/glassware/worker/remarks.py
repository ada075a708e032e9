"""In development, remarks on pages that call their neighbours too often.

Each is one line on stderr, and is made once a minute for each page.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from glassware.current import Incoming, Made
from glassware.told import count


VARIABLE = "GLASSWARE_CALLS_PER_PAGE"
MOST = 20
LOOP = 5
DEEPEST = 4

_SEGMENT = "<…>"
_SILENT = 60.0
_NAMED = 4
_LOOKED_AT = 200
_REMEMBERED = 500
# Times that were told in milliseconds have lost what is behind them.
_ROUNDED = 0.0002
_WAY_OUT = "ask for many at once"


@dataclass(frozen=True, slots=True)
class Kind:
    """Calls that are alike: the same path, or paths that differ in one segment."""

    caller: str
    method: str
    neighbour: str
    path: str

    @property
    def edge(self) -> tuple[str, str, str]:
        """Who calls whom, and how."""
        return self.caller, self.method, self.neighbour


def most_calls(environment: Mapping[str, str]) -> int:
    """Return how many calls a page may make without a remark."""
    said = environment.get(VARIABLE, "")
    return int(said) if said.isdecimal() else MOST


def remark_on_page(incoming: Incoming, most: int = MOST) -> tuple[str, str] | None:
    """Return what there is to say of the calls that a page made.

    Returns:
        What makes the remark another one than the last, and its line; `None`:
        there is nothing to say.
    """
    total = count(incoming.calls) + incoming.others
    loops = set(_loops(incoming.service, incoming.calls))
    if total <= most and not loops:
        return None
    kinds = _kinds(_all(incoming.service, incoming.calls))
    # What is called in a loop comes first, then what is called most.
    ranked = sorted(kinds, key=lambda kind: (kind.edge not in loops, -kinds[kind]))
    named = [_named(kind, kinds[kind], incoming.service) for kind in ranked[:_NAMED]]
    if len(ranked) > _NAMED:
        named.append("…")
    page = f"{incoming.method} {incoming.path}"
    line = f"{page} made {total} calls: {', '.join(named)}; {_WAY_OUT}"
    if incoming.replay:
        line += f" (`{incoming.replay} --trace` shows them)"
    return repr(ranked[0] if ranked else ""), line


def remarks_on_way(incoming: Incoming) -> Iterator[tuple[str, str]]:
    """Return what there is to say of the way that a request came.

    It is the same for all requests between the last two: a circle has no end.
    """
    way = (*incoming.via, incoming.service)
    edge = " ".join(way[-2:])
    asked = f"{incoming.method} {incoming.path}"
    # Fragments of a service's own pages are no circle; those within themselves end.
    if incoming.service in incoming.via and not incoming.fragment:
        yield f"circle {edge}", f"{asked} was called in a circle: {' → '.join(way)}"
    if len(incoming.via) > DEEPEST:
        many = f"{len(incoming.via)} calls below its page"
        yield f"deep {edge}", f"{asked} is {many}: {' → '.join(way)}"


class Remarks:
    """Writes each remark once a minute for each page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], float] = {}

    def say(self, page: str, remark: tuple[str, str] | None) -> None:
        """Write the line of `remark` to stderr, if it was not said just now.

        Args:
            page: What the page has in common with others like it.
            remark: What tells it from other remarks, and its line.
        """
        if remark is not None and self._is_new((page, remark[0])):
            sys.stderr.write(f"warning: {remark[1]}\n")
            sys.stderr.flush()

    def _is_new(self, key: tuple[str, str]) -> bool:
        now = time.monotonic()
        with self._lock:
            if now < self._said.get(key, now):
                return False
            if len(self._said) >= _REMEMBERED:
                self._said.clear()
            self._said[key] = now + _SILENT
            return True


def _loops(caller: str, calls: Sequence[Made]) -> Iterator[tuple[str, str, str]]:
    """Return who calls whom again and again for one request."""
    for kind, alike in _alike([(caller, made) for made in calls]):
        if _one_after_another(alike) >= LOOP:
            yield kind.edge
    for made in calls:
        yield from _loops(made.neighbour, made.calls)


def _one_after_another(calls: Sequence[Made]) -> int:
    """Return how many of `calls` each began when the one before it had ended."""
    times, ended = 0, float("-inf")
    for made in sorted(calls, key=lambda made: made.began + made.seconds):
        if made.began >= ended - _ROUNDED:
            times, ended = times + 1, made.began + made.seconds
    return times


def _all(caller: str, calls: Sequence[Made]) -> Iterator[tuple[str, Made]]:
    for made in calls:
        yield caller, made
        yield from _all(made.neighbour, made.calls)


def _kinds(calls: Iterator[tuple[str, Made]]) -> Mapping[Kind, int]:
    return {kind: len(alike) for kind, alike in _alike(list(calls))}


def _alike(calls: list[tuple[str, Made]]) -> Iterator[tuple[Kind, list[Made]]]:
    """Return the kinds of `calls`, those of the largest one first."""
    left = calls[:_LOOKED_AT]
    while left:
        found = Counter(kind for call in left for kind in _possible(*call))
        # Where both are as many, they have the whole path in common.
        kind = max(found, key=lambda k: (found[k], _SEGMENT not in k.path))
        yield kind, [call[1] for call in left if kind in _possible(*call)]
        left = [call for call in left if kind not in _possible(*call)]


def _possible(caller: str, made: Made) -> Iterator[Kind]:
    """Return the kinds that a call could be of: its path, and each segment left open."""
    yield Kind(caller, made.method, made.neighbour, made.path)
    segments = made.path.split("/")
    for place, segment in enumerate(segments):
        if segment:
            path = "/".join([*segments[:place], _SEGMENT, *segments[place + 1 :]])
            yield Kind(caller, made.method, made.neighbour, path)


def _named(kind: Kind, times: int, page_of: str) -> str:
    by = "" if kind.caller == page_of else f" by {kind.caller}"
    return f"{times}x {kind.method} {kind.neighbour} {kind.path}{by}"
