"""Pieces of HTML that stay where they are put, however broken they are."""

from dataclasses import dataclass

from .tree import Tree
from .well import is_well_formed


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A piece of HTML that changes nothing outside its place.

    Attributes:
        html: The piece; exactly as it came, if it is well-formed.
        faults: What was wrong with it, with the lines; the first ten.
    """

    html: str
    faults: tuple[str, ...] = ()


def enclose(html: str) -> Enclosed:
    """Return a piece of HTML so that it cannot escape the place where it is put.

    What is open is closed, what closes nothing is left out, and so is what only a
    whole page has. It stays as dangerous as it was: this is no sanitiser.

    Args:
        html: It may begin with rows, items or options: those are for a table, a
            list or a choice in the page.
    """
    if is_well_formed(html):
        return Enclosed(html)
    tree = Tree(html)
    return Enclosed(tree.enclosed(), tuple(tree.faults))
