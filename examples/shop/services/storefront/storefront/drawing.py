"""Drawings of the products, made from their outlines.

An outline is a list of heights and radii in percent, from rim to foot. The
units of a drawing are millimetres, its origin the middle of the rim.
"""

import math
import random
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any

from flask import Flask, current_app
from jinja2 import Template
from markupsafe import Markup


# How flat the circles of rim and foot look.
TILT = 0.13

# In a card small pieces are drawn larger, so that 36 cm become 20 em and 9 cm 11.
CARD = 20
TALLEST = 360
EVENNESS = 0.4

# What stands on a piece takes room above it, in radii of the rim and in millimetres.
ROOM = {"lid": (0.75, 8), "stopper": (2.6, 4), "candle": (0, 150)}


def init_app(app: Flask) -> None:
    """Teach the templates to draw."""
    app.add_template_global(draw)


def draw(
    picture: dict[str, Any],
    *,
    label: str = "",
    life_size: bool = False,
    is_alone: bool = False,
) -> Markup:
    """Draw a product.

    Args:
        picture: What the catalog says of its looks.
        label: What it is called for those who don't see it.
        life_size: 1 cm of it is 1 em of the page.
        is_alone: It is a file of its own, which no style sheet of a page reaches.
    """
    piece = Piece(
        glass=picture["glass"],
        height=picture["height"],
        width=picture["width"],
        outline=tuple(map(tuple, picture["outline"])),
        finish=picture["finish"],
        part=picture["part"],
    )
    template = current_app.jinja_env.get_template("drawing.svg")
    em = 0.1 if life_size else piece.card_em
    return Markup(_svg(template, piece, em, label, is_alone))


@dataclass(frozen=True)
class Piece:
    """One piece of glass."""

    glass: str
    height: int
    width: int
    outline: tuple[tuple[int, ...], ...]
    finish: str
    part: str

    @cached_property
    def points(self) -> list[tuple[float, float]]:
        """Heights and radii in millimetres."""
        tall, wide = self.height / 100, self.width / 200
        return [(y * tall, radius * wide) for y, radius in self.outline]

    @cached_property
    def slopes(self) -> list[float]:
        """How fast the radius grows at each point; never so fast that it overshoots."""
        steps = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(self.points)]
        inner = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(steps)]
        return [steps[0], *inner, steps[-1]]

    @property
    def rim(self) -> float:
        """Radius of the rim."""
        return self.points[0][1]

    @property
    def foot(self) -> float:
        """Radius of the foot."""
        return self.points[-1][1]

    @property
    def top(self) -> float:
        """How much of the drawing is above the rim."""
        radii, more = ROOM.get(self.part, (TILT, 1))
        return self.rim * radii + more

    @property
    def bottom(self) -> float:
        """How much of the drawing is below the height: the near side of the foot."""
        return self.foot * TILT

    @property
    def side(self) -> float:
        """Half of the drawing's width."""
        return self.width / 2 + (self.width * 0.24 if self.part == "handle" else 0)

    @property
    def card_em(self) -> float:
        """How many em a millimetre is in a card."""
        size = max(self.top + self.height, 2 * self.side)
        return CARD / size * min(1, size / TALLEST) ** EVENNESS

    @property
    def lamp(self) -> float:
        """The height of the light in a piece that glows: where it is widest."""
        return max(self.points, key=lambda point: point[1])[0]

    @property
    def body(self) -> str:
        """The outline all around, rim and foot included."""
        foot, rim = self.foot, self.rim
        return (
            f"{self.line(1)}A{foot:.1f} {foot * TILT:.1f} 0 0 1 {-foot:.1f} "
            f"{self.height}{self.line(-1, up=True)}"
            f"A{rim:.1f} {rim * TILT:.1f} 0 0 1 {rim:.1f} 0Z"
        )

    def line(self, part: float, *, up: bool = False) -> str:
        """Return the line down the glass at a `part` of its radius, -1 to 1.

        It starts a path, or goes on with one when it leads `up`.
        """
        knots = [
            (y, part * radius, part * slope)
            for (y, radius), slope in zip(self.points, self.slopes, strict=True)
        ]
        start = "" if up else f"M{knots[0][1]:.1f} {knots[0][0]:.1f}"
        if up:
            knots.reverse()
        curves = [start]
        for (y0, x0, slope0), (y1, x1, slope1) in pairwise(knots):
            third = (y1 - y0) / 3
            curves.append(
                f"C{x0 + slope0 * third:.1f} {y0 + third:.1f} "
                f"{x1 - slope1 * third:.1f} {y1 - third:.1f} {x1:.1f} {y1:.1f}"
            )
        return "".join(curves)

    def radius(self, y: float) -> float:
        """Return the radius at a height."""
        heights = [height for height, _ in self.points]
        at = min(max(bisect_right(heights, y) - 1, 0), len(heights) - 2)
        (y0, r0), (y1, r1) = self.points[at : at + 2]
        t, step = (y - y0) / (y1 - y0), y1 - y0
        return (
            (1 + 2 * t) * (1 - t) ** 2 * r0
            + t * (1 - t) ** 2 * step * self.slopes[at]
            + t * t * (3 - 2 * t) * r1
            + t * t * (t - 1) * step * self.slopes[at + 1]
        )

    @property
    def ribs(self) -> list[str]:
        """Lines down the glass."""
        return [
            self.line(math.sin(math.radians(angle))) for angle in range(-66, 67, 22)
        ]

    @property
    def bands(self) -> list[str]:
        """The near halves of rings around the glass."""
        rings = []
        for number in range(1, 8):
            y = self.height * number / 8
            radius = self.radius(y)
            rings.append(
                f"M{-radius:.1f} {y:.1f}"
                f"A{radius:.1f} {radius * TILT:.1f} 0 0 0 {radius:.1f} {y:.1f}"
            )
        return rings

    @property
    def swirls(self) -> list[str]:
        """Threads that wind around the glass, where they are on the near side."""
        paths = []
        for turn in range(5):
            thread = []
            for step in range(13):
                y = self.height * (0.04 + 0.9 * step / 12)
                angle = math.radians(turn * 72 - 180 + step * 15)
                if math.cos(angle) > 0:
                    x = self.radius(y) * math.sin(angle)
                    thread.append(f"{x:.1f} {y:.1f}")
            if len(thread) > 1:
                paths.append("M" + "L".join(thread))
        return paths

    @property
    def seeds(self) -> list[tuple[float, float, float]]:
        """Small bubbles: x, y and radius; the same ones every time."""
        chance = random.Random(f"{self.glass}{self.outline}")
        bubbles = []
        for _ in range(22):
            y = self.height * chance.uniform(0.08, 0.94)
            x = self.radius(y) * chance.uniform(-0.86, 0.86)
            bubbles.append((x, y, self.width * chance.uniform(0.006, 0.018)))
        return bubbles


@lru_cache(maxsize=1_000)
def _svg(template: Template, piece: Piece, em: float, label: str, alone: bool) -> str:
    # A template that was edited is another one, so that its drawings are made anew.
    # Gradients have names, which must not meet another piece's on the page.
    name = f"d{sha256(repr(piece).encode()).hexdigest()[:10]}"
    svg = template.render(piece=piece, em=em, label=label, id=name, alone=alone)
    return re.sub(r"\s+", " ", svg).replace("> <", "><")
