"""Fill the tables with the range: every design in each of its colours."""

import tomllib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"

RANGE = Path(__file__).parent.with_name("range.toml")


def upgrade() -> None:
    """Insert what `range.toml` describes."""
    described = tomllib.loads(RANGE.read_text(encoding="utf-8"))
    database = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(database, only=("category", "colour", "product"))

    numbers: dict[str, dict[str, int]] = {}
    for name in ("category", "colour"):
        table = tables.tables[name]
        rows = [
            {column.name: row[column.name] for column in list(table.c)[1:]}
            for row in described[name]
        ]
        database.execute(sa.insert(table), rows)
        numbers[name] = dict(
            tuple(row) for row in database.execute(sa.select(table.c.slug, table.c.id))
        )
    database.execute(
        sa.insert(tables.tables["product"]), list(_products(described, numbers))
    )


def downgrade() -> None:
    """Empty the tables."""
    for table in ("product", "colour", "category"):
        op.execute(sa.delete(sa.table(table)))


def _products(
    described: dict[str, Any], numbers: dict[str, dict[str, int]]
) -> Iterator[dict[str, Any]]:
    colours = {colour["slug"]: colour for colour in described["colour"]}
    for design, slug in _mixed(described["design"]):
        yield {
            "category_id": numbers["category"][design["category"]],
            "colour_id": numbers["colour"][slug],
            "featured": slug == design.get("featured"),
            **_product(design, colours[slug], described["outline"]),
        }


def _mixed(designs: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each design in each colour, so that neighbours differ in both."""
    shelves: dict[str, list[dict[str, Any]]] = {}
    for design in designs:
        shelves.setdefault(design["category"], []).append(design)
    for turn in range(max(len(design["colours"].split()) for design in designs)):
        for row in zip_longest(*shelves.values()):
            for place, design in enumerate(row):
                slugs = design["colours"].split() if design else []
                if turn < len(slugs):
                    start = place + len(design["name"])
                    yield design, slugs[(turn + start) % len(slugs)]


def _product(
    design: dict[str, Any], colour: dict[str, Any], outlines: dict[str, str]
) -> dict[str, Any]:
    height, width = design["size"]
    slug = f"{design['name']}-{colour['slug']}".lower().replace(" ", "-")
    points = outlines[design["outline"]].split(",")
    return {
        "slug": slug,
        "name": design["name"],
        "description": f"{design['text']} {colour['text']}",
        "price": round(design["price"] * (100 + colour["dearer"]) / 100) * 100,
        # Chance, but the same everywhere: some pieces are nearly or quite gone.
        "stock": max(0, crc32(slug.encode()) % 48 - 3),
        "height": height * 10,
        "width": width * 10,
        "drawing": {
            "outline": [[int(number) for number in point.split()] for point in points],
            "finish": design.get("finish", "plain"),
            "part": design.get("part", ""),
        },
    }
