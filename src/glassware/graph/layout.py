"""Where each service is drawn: columns from callers to callees.

An edge that skips a column gets a bend in it, which takes room there like a
box does: so no line runs through a box.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from glassware.model import Site

from .edges import Edge, callees, cycles, edges


Bend = tuple[str, str, int]
"""Of an edge, in a column."""

Item = str | Bend

SWEEPS = 4
"""Enough for the order of a column to settle in pictures that people look at."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a drawing.

    Attributes:
        columns: Services and bends from top to bottom.
        chains: What each edge passes, from the caller to the callee; an edge
            that leads back or sideways has no bends.
    """

    columns: tuple[tuple[Item, ...], ...]
    chains: Mapping[Edge, tuple[Item, ...]]


def lay_out(site: Site) -> Layout:
    """Decide the column of each service, and its place there."""
    column = _columns(site)
    rows: list[list[Item]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for name, number in column.items():
        rows[number].append(name)
    chains: dict[Edge, tuple[Item, ...]] = {}
    for edge in edges(site):
        between = range(column[edge.caller] + 1, column[edge.callee])
        bends = [(edge.caller, edge.callee, number) for number in between]
        for bend in bends:
            rows[bend[2]].append(bend)
        chains[edge] = (edge.caller, *bends, edge.callee)
    _untangle(rows, chains)
    return Layout(tuple(map(tuple, rows)), chains)


def _columns(site: Site) -> dict[str, int]:
    below = callees(site)
    circle = {name: names for names in cycles(site) for name in names}
    column = dict.fromkeys(below, 0)
    for _ in below:
        moved = False
        for caller, others in below.items():
            for callee in others:
                if callee in circle.get(caller, ()) or column[callee] > column[caller]:
                    continue
                # A circle stays in one column, so it moves as a whole.
                for name in circle.get(callee, (callee,)):
                    column[name] = column[caller] + 1
                moved = True
        if not moved:
            break
    return column


def _untangle(rows: list[list[Item]], chains: Mapping[Edge, tuple[Item, ...]]) -> None:
    before: dict[Item, list[Item]] = {}
    after: dict[Item, list[Item]] = {}
    for chain in chains.values():
        for left, right in itertools.pairwise(chain):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for _ in range(SWEEPS):
        for number in range(1, len(rows)):
            _sort(rows[number], rows[number - 1], before)
        for number in range(len(rows) - 2, -1, -1):
            _sort(rows[number], rows[number + 1], after)


def _sort(
    row: list[Item], beside: list[Item], linked: Mapping[Item, list[Item]]
) -> None:
    position = {item: index / len(beside) for index, item in enumerate(beside)}

    def middle(entry: tuple[int, Item]) -> float:
        index, item = entry
        places = [position[o] for o in linked.get(item, ()) if o in position]
        return sum(places) / len(places) if places else index / len(row)

    row[:] = [item for _, item in sorted(enumerate(row), key=middle)]
