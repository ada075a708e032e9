"""The three moths: what they are called and what they look like.

The pages and the game draw them from the same outlines: a right wing of two parts, on
a body that stands upright on the origin. The left wing is its mirror image.
"""

from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, session

from glassware import visitor


@dataclass(frozen=True, slots=True)
class Moth:
    """A kind of moth.

    Attributes:
        kind: As the neighbours know it.
        name: As people do.
        text: What is good about it, and what is not.
        fore: The outline of a fore wing, as SVG writes it.
        hind: The outline of a hind wing.
        colours: Of fore wing, hind wing and spots.
        spot: The middle of the fore wing's spot.
    """

    kind: str
    name: str
    text: str
    fore: str
    hind: str
    colours: tuple[str, str, str]
    spot: tuple[int, int]


MOTHS = (
    Moth(
        kind="luna",
        name="Luna",
        text="Wide wings that catch from afar, and do not hurry.",
        fore="M2-8C14-30 40-40 56-31C50-14 32-2 3 2Z",
        hind="M3 0C20 0 36 8 30 21C25 30 23 40 28 58C17 49 13 34 9 22C7 14 4 8 3 0Z",
        colours=("#9fd19c", "#78b488", "#3d6b52"),
        spot=(32, -20),
    ),
    Moth(
        kind="hawk",
        name="Hawk",
        text="The fastest of the three. It has to come close.",
        fore="M2-11C20-25 46-26 64-11C46-6 26 1 3 3Z",
        hind="M3 1C16 0 30 7 32 17C20 21 8 16 3 8Z",
        colours=("#d98aa0", "#a3577f", "#5b2748"),
        spot=(40, -15),
    ),
    Moth(
        kind="tiger",
        name="Tiger",
        text="Hardly minds an ember. Good at nothing else.",
        fore="M2-9C16-27 38-32 52-21C51-6 34 5 3 4Z",
        hind="M3 2C22 2 40 10 37 27C24 33 10 23 3 11Z",
        colours=("#e9d9b4", "#e27b3c", "#6b3a1d"),
        spot=(34, -17),
    ),
)
BY_KIND = {moth.kind: moth for moth in MOTHS}


def init_app(app: Flask) -> None:
    """Let templates draw them."""
    app.add_template_global(MOTHS, "moths")
    app.add_template_global(BY_KIND, "moth_of")
    app.add_template_global(chosen)


def chosen() -> str | None:
    """Return the kind that the visitor flies as."""
    return session.get(visitor.id)


def choose(kind: str) -> None:
    """Remember it in this browser, for this player."""
    session[visitor.id] = kind
    session.permanent = True


def as_json(kind: str) -> dict[str, Any]:
    """Return what the game draws a moth from."""
    return asdict(BY_KIND[kind])
