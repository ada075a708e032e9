"""The geometry of the drawings."""

import itertools
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from storefront import drawing
from storefront.drawing import Piece
from storefront.wording import page_numbers


FINISHES = ("plain", "ribbed", "banded", "swirled", "speckled", "frosted")
PARTS = ("", "handle", "lid", "stopper", "candle", "glow")

PICTURE: dict[str, Any] = {
    "glass": "#2f9d8c",
    "height": 270,
    "width": 130,
    "outline": [[0, 42], [40, 44], [76, 98], [90, 100], [100, 78]],
    "finish": "plain",
    "part": "",
}


@pytest.mark.parametrize(("finish", "part"), list(itertools.product(FINISHES, PARTS)))
def test_every_finish_and_part_is_drawn(finish: str, part: str) -> None:
    """As XML that a strict reader takes; two pieces have no name in common."""
    app = Flask("storefront")
    drawing.init_app(app)
    picture = PICTURE | {"finish": finish, "part": part}
    with app.app_context():
        drawings = [
            ET.fromstring(drawing.draw(picture | {"height": height}, is_alone=alone))
            for height, alone in ((270, False), (280, True))
        ]
    names = [
        {part.get("id") for part in tree.iter() if part.get("id")} for tree in drawings
    ]
    assert names[0]
    assert not names[0] & names[1]


def test_an_outline_goes_through_its_points_and_never_beyond() -> None:
    """A thin stem stays one between a bowl and a foot."""
    piece = Piece(**PICTURE)
    for y, radius in piece.points:
        assert piece.radius(y) == pytest.approx(radius)
    inside = [piece.radius(y) for y in range(271)]
    assert max(inside) <= 65
    assert min(inside) >= 0.42 * 65


def test_the_same_piece_has_the_same_bubbles() -> None:
    """A picture does not change from page to page."""
    assert Piece(**PICTURE).seeds == Piece(**PICTURE).seeds


@pytest.mark.parametrize(
    ("page", "pages", "numbers"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 10, [1, 2, None, 10]),
        (3, 10, [1, 2, 3, 4, None, 10]),
        (4, 10, [1, 2, 3, 4, 5, None, 10]),
        (6, 10, [1, None, 5, 6, 7, None, 10]),
        (10, 10, [1, None, 9, 10]),
    ],
)
def test_page_numbers(page: int, pages: int, numbers: list[int | None]) -> None:
    """The ends, the neighbours, and no gap of a single page."""
    assert page_numbers(page, pages) == numbers
