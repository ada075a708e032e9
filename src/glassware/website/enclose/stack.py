"""The elements that are open in a piece of HTML."""

from collections.abc import Container

from .elements import SPECIAL, barriers


class Open:
    """An element that is open.

    Args:
        name: In small letters.
        space: `svg` or `math`; empty: HTML.
        inside: What its children are: `svg`, `math`, `select`; empty: HTML.
        written: Whether its start tag is in the result.

    Attributes:
        key: Its name, after that of SVG or MathML and a space if it is one of theirs;
            after a `-` if it is not written: then browsers know nothing of it.
    """

    __slots__ = ("inside", "key", "name", "space", "written")

    def __init__(
        self, name: str, space: str = "", inside: str = "", *, written: bool = True
    ) -> None:
        self.name = name
        self.space = space
        self.inside = inside
        self.written = written
        self.key = f"{space} {name}" if space else name
        if not written:
            self.key = f"-{name}"


class Stack(list[Open]):
    """The elements that are open, the innermost last."""

    @property
    def inside(self) -> str:
        """What the next start tag is read as: see `Open`."""
        return self[-1].inside if self else ""

    @property
    def space(self) -> str:
        """That of the innermost element: see `Open`."""
        return self[-1].space if self else ""

    def innermost(self) -> int:
        """Return the depth of the innermost element that is written; -1: none is."""
        depth = len(self) - 1
        while depth >= 0 and not self[depth].written:
            depth -= 1
        return depth

    def is_in(self, keys: Container[str]) -> bool:
        """Tell whether the innermost element that is written is one of some."""
        depth = self.innermost()
        return depth >= 0 and self[depth].key in keys

    def nearest(self, keys: Container[str], stop: Container[str]) -> int:
        """Return the depth of the innermost of some elements; -1: none is open.

        Args:
            keys: What is looked for.
            stop: Elements beyond which nobody looks.
        """
        for depth in range(len(self) - 1, -1, -1):
            key = self[depth].key
            if key in keys:
                return depth
            if key in stop:
                return -1
        return -1

    def closed_by(self, name: str) -> int:
        """Return the depth of the element that an end tag closes; -1: it closes none."""
        depth = len(self)
        while depth and self[depth - 1].space:
            depth -= 1
            if self[depth].name == name:
                return depth
        return self.nearest((name, f"-{name}"), barriers(name))

    def free_to_the_place(self, free: Container[str]) -> bool:
        """Tell whether nothing special is open but what is in `free`."""
        return all(each.key in free or each.key not in SPECIAL for each in self)
