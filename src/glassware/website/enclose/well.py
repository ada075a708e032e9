"""Most pieces of HTML are well-formed: these are told apart fast.

What is taken for well-formed here is less than HTML allows, and nothing that a
browser would close, move or ignore. The rest is read by `tree`.
"""

import re
from functools import cache

from .elements import BLOCKS, HEADINGS, TEXT


_ATTRIBUTE = (
    r"[ \t\n]++[a-zA-Z_:@][\w:.@-]*+"
    r"""(?:=(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=`/]++))?+"""
)
_TAG = re.compile(
    rf"<(?:(/?)([a-z][a-z0-9]*+)(?:{_ATTRIBUTE})*+[ \t\n]*+/?>|!--[^<>]*+(?<=--)>)",
    re.ASCII,
)

Place = dict[str, "Place"]
"""The elements that may stand somewhere, and what may stand in each."""

_NOTHING: Place = {}


def is_well_formed(html: str) -> bool:
    """Tell whether a piece of HTML is certain to be read as it looks."""
    tags = _TAG.findall(html)
    if len(tags) != html.count("<"):
        return False
    place = _flow(frozenset())
    names: list[str] = []
    places: list[Place] = []
    for slash, name in tags:
        if slash:
            if not names or names.pop() != name:
                return False
            place = places.pop()
            continue
        inner = place.get(name)
        if inner is None:
            return False
        if inner is not _NOTHING:
            names.append(name)
            places.append(place)
            place = inner
    return not names


@cache
def _flow(within: frozenset[str]) -> Place:
    """Return what may stand among blocks, by what may stand in that.

    Args:
        within: Those of `a`, `button` and `form` that it is all in.
    """
    place: Place = _phrasing(within).copy()
    place["hr"] = _NOTHING
    # A list, a table and blocks have places like this one in them: it refers to itself.
    place.update(dict.fromkeys(BLOCKS, place))
    place["ul"] = place["ol"] = {"li": place}
    place["dl"] = {"dt": place, "dd": place}
    place["table"] = _table(place)
    for name in (*HEADINGS, "p"):
        place[name] = _phrasing(within)
    place["pre"] = _phrasing(within)
    for name in {"a", "form"} - within:
        place[name] = _flow(within | {name})
    return place


@cache
def _phrasing(within: frozenset[str]) -> Place:
    """Return what may stand in text, by what may stand in that."""
    place: Place = dict.fromkeys(("", "br", "img", "input", "link", "wbr"), _NOTHING)
    place.update(dict.fromkeys(TEXT, place))
    for name in {"a", "button"} - within:
        place[name] = _phrasing(within | {name})
    if "button" not in within:
        place["select"] = {"option": {}, "optgroup": {"option": {}}}
    return place


def _table(cell: Place) -> Place:
    row: Place = {"td": cell, "th": cell}
    body: Place = {"tr": row}
    bodies = dict.fromkeys(("tbody", "thead", "tfoot"), body)
    return {"caption": cell, "tr": row, **bodies}
