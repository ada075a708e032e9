"""The graph as a picture."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from glassware.model import Service, Site

from .layout import Item, Layout, lay_out
from .text import addresses, databases, group_of


_STYLE = """\
  svg { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #9aa5b1;
    --paper: #ffffff; --box: #f5f7fa; --public: #0b6e4f; --data: #e4ecf7; }
  @media (prefers-color-scheme: dark) { svg { --ink: #f0f4f8; --soft: #9fb3c8;
    --line: #627d98; --paper: #14181d; --box: #202830; --public: #5dd39e;
    --data: #2a3a50; } }
  .paper { fill: var(--paper); }
  .box { fill: var(--box); stroke: var(--line); }
  .public { stroke: var(--public); stroke-width: 2; }
  text { fill: var(--ink); font: 12px ui-monospace, monospace; }
  .name { font: 600 14px ui-monospace, monospace; }
  .address { fill: var(--public); }
  .shared { fill: var(--soft); font-style: italic; }
  .data { fill: var(--data); }
  .edge { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .tip { fill: var(--line); }
"""

_MARGIN = 24
_COLUMN_GAP = 88
_ROW_GAP = 20
_PADDING = 12
_NAME_LINE = 22
_LINE = 20
_NAME_CHARACTER = 8.6
_CHARACTER = 7.3
_BEND = 14


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class _Shown:
    """A service as its box shows it."""

    service: Service
    group: str

    @property
    def lines(self) -> tuple[str, ...]:
        shared = (f"group {self.group}",) if self.group else ()
        return (*addresses(self.service), *databases(self.service), *shared)


def as_svg(site: Site) -> str:
    """Return a picture that stands alone and follows the reader's light or dark."""
    layout = lay_out(site)
    services = {s.name: _Shown(s, group_of(site, s)) for s in site.services}
    boxes = _boxes(layout, services)
    width = max((box.right for box in boxes.values()), default=0) + 2 * _MARGIN
    height = max((b.y + b.height for b in boxes.values()), default=0) + _MARGIN
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">'
        ),
        f"<title>{escape(site.name)}: who calls whom</title>",
        f"<style>\n{_STYLE}</style>",
        (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path class="tip" d="M0 0 L8 4 L0 8 z"/>'
            "</marker></defs>"
        ),
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    lines += [_edge([boxes[i] for i in chain]) for chain in layout.chains.values()]
    for name, shown in services.items():
        lines += _service(shown, boxes[name])
    return "\n".join([*lines, "</svg>", ""])


def _boxes(layout: Layout, services: dict[str, _Shown]) -> dict[Item, _Box]:
    boxes: dict[Item, _Box] = {}
    tallest = max((_height(c, services) for c in layout.columns), default=0)
    x = float(_MARGIN)
    for column in layout.columns:
        width = max((_size(i, services)[0] for i in column), default=0)
        y = _MARGIN + (tallest - _height(column, services)) / 2
        for item in column:
            height = _size(item, services)[1]
            boxes[item] = _Box(x, y, width, height)
            y += height + _ROW_GAP
        x += width + _COLUMN_GAP
    return boxes


def _height(column: Sequence[Item], services: dict[str, _Shown]) -> float:
    heights = [_size(item, services)[1] for item in column]
    return sum(heights) + _ROW_GAP * (len(heights) - 1)


def _size(item: Item, services: dict[str, _Shown]) -> tuple[float, float]:
    if not isinstance(item, str):
        return 0, _BEND
    shown = services[item]
    longest = max((len(line) + 2 for line in shown.lines), default=0) * _CHARACTER
    width = max(len(shown.service.name) * _NAME_CHARACTER, longest) + 2 * _PADDING
    return round(width, 1), _NAME_LINE + _LINE * len(shown.lines) + _PADDING


def _service(shown: _Shown, box: _Box) -> Iterator[str]:
    service = shown.service
    kind = "box public" if service.routes else "box"
    yield (
        f'<rect class="{kind}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="8"/>'
    )
    x, y = box.x + _PADDING, box.y + _NAME_LINE
    yield _text("name", x, y, service.name)
    for address in addresses(service):
        y += _LINE
        yield _text("address", x, y, f"⇥ {address}")
    for database in databases(service):
        y += _LINE
        width = len(database) * _CHARACTER + 12
        yield (
            f'<rect class="data" x="{x:g}" y="{y - 13:g}" width="{width:g}" '
            'height="17" rx="8"/>'
        )
        yield _text("database", x + 6, y, database)
    if shown.group:
        yield _text("shared", x, y + _LINE, f"group {shown.group}")


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _edge(boxes: Sequence[_Box]) -> str:
    first, last = boxes[0], boxes[-1]
    if last.x <= first.x:
        path = _back(first, last)
    else:
        path = f"M{first.right:g} {first.middle:g}"
        for left, right in itertools.pairwise(boxes):
            path += _forward(left, right)
    return f'<path class="edge" d="{path}" marker-end="url(#tip)"/>'


def _forward(left: _Box, right: _Box) -> str:
    half = (left.right + right.x) / 2
    curve = f" C{half:g} {left.middle:g} {half:g} {right.middle:g} "
    end = f"{right.x:g} {right.middle:g}"
    through = f" H{right.right:g}" if right.height == _BEND else ""
    return curve + end + through


def _back(first: _Box, last: _Box) -> str:
    # Out on the right and round, so that it is told from the lines going forward.
    start, end = first.middle + 8, last.middle - 8
    out = max(first.right, last.right) + _COLUMN_GAP / 2
    return f"M{first.right:g} {start:g} C{out:g} {start:g} {out:g} {end:g} {last.right:g} {end:g}"
