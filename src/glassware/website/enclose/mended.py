"""A piece of HTML with what is put into it and left out of it, and why."""

_MOST_FAULTS = 10


class Mended:
    """What becomes of a piece, from its beginning to its end; `str` has the outcome.

    Args:
        html: The piece.

    Attributes:
        faults: What was wrong with it.
    """

    def __init__(self, html: str) -> None:
        self.faults: list[str] = []
        self._html = html
        self._parts: list[str] = []
        self._written = 0

    def put(self, position: int, text: str) -> None:
        """Put a text in."""
        before = self._html[self._written : position]
        # What comes after it now must not make a tag of it.
        if before.endswith("<"):
            before = before[:-1] + "&lt;"
        self._parts += (before, text)
        self._written = position

    def replace(self, begin: int, end: int, text: str) -> None:
        """Put a text in the place of another."""
        self.put(begin, text)
        self._written = end

    def leave_out(self, begin: int, end: int, why: str | None = None) -> None:
        """Leave a text out; why, is a fault of the piece."""
        if why is not None:
            self.fault(begin, why)
        self.replace(begin, end, "")

    def fault(self, position: int, what: str) -> None:
        """Note what is wrong, with its line."""
        if len(self.faults) < _MOST_FAULTS:
            line = self._html.count("\n", 0, position) + 1
            self.faults.append(f"line {line}: {what}")

    def __str__(self) -> str:
        return "".join((*self._parts, self._html[self._written :]))
