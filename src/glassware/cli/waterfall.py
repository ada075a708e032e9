"""The times of a call, and of the calls that were made for it, as rows with bars."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glassware.current import Made


WIDEST = 120
NARROWEST_BAR = 16
BAR = "━"
BAD, WORSE = 400, 500

# Beside names and bars: status, how often it was sent, milliseconds, and gaps.
_NUMBERS = 6 + 4 + 9 + 4 * 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a call, or how many more there were.

    Attributes:
        name: With the lines of the tree in front.
        made: The call; `None`: it is not told of.
        began: Seconds from the begin of the first one.
    """

    name: str
    made: Made | None = None
    began: float = 0.0


def show_waterfall(console: Console, made: Made) -> None:
    """Show a call and what was called for it, each with its time."""
    rows = list(_rows(made))
    width = min(console.width, WIDEST)
    longest = max(len(row.name) for row in rows)
    names = min(longest, max(10, width - _NUMBERS - NARROWEST_BAR))
    bar = max(NARROWEST_BAR, min(longest, width - _NUMBERS - names))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("call", width=names, no_wrap=True)
    for title, wide in (("status", 6), ("sent", 4), ("ms", 9)):
        table.add_column(title, width=wide, justify="right", no_wrap=True)
    table.add_column("", width=bar, no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, names, bar, max(made.seconds, 1e-6)))
    console.print(table)


def _rows(made: Made) -> Iterator[Row]:
    yield Row(_name(made), made)
    yield from _underneath(made, "", 0.0)


def _underneath(made: Made, indent: str, began: float) -> Iterator[Row]:
    calls = sorted(made.calls, key=lambda call: call.began)
    for place, call in enumerate(calls):
        last = place == len(calls) - 1 and not made.others
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        at = began + call.began
        yield Row(f"{indent}{branch}{_name(call)}", call, at)
        yield from _underneath(call, indent + below, at)
    if made.others:
        yield Row(f"{indent}└─ {made.others} more, not listed")


def _name(made: Made) -> str:
    return f"{made.method} {made.neighbour} {made.path}"


def _cells(row: Row, names: int, bar: int, whole: float) -> Iterator[Text]:
    yield Text(_shortened(row.name, names))
    if row.made is None:
        return
    made = row.made
    yield Text(str(made.status or "none"), _style(made.status))
    yield Text(str(made.attempts), "yellow" if made.attempts > 1 else "")
    yield Text(f"{made.seconds * 1000:,.1f}")
    start = min(bar - 1, max(0, int(row.began / whole * bar)))
    length = max(1, math.ceil(made.seconds / whole * bar))
    yield Text(" " * start + BAR * min(length, bar - start), _style(made.status))


def _shortened(name: str, width: int) -> str:
    """Return `name` without its middle: begin and end say which one it is."""
    if len(name) <= width:
        return name
    end = (width - 1) * 2 // 5
    return f"{name[: width - 1 - end]}…{name[-end:]}"


def _style(status: int) -> str:
    if not status or status >= WORSE:
        return "red"
    return "yellow" if status >= BAD else "green"
