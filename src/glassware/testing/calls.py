"""How many calls to neighbours a part of a test makes."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from glassware.current import Incoming, Made
from glassware.told import count


@dataclass(slots=True, kw_only=True)
class Asking(Incoming):
    """What the test itself is taken for where it calls, or lets services call.

    Attributes:
        own: What it called itself, with the calls that were made for it.
    """

    own: list[Made] = field(default_factory=list)
    most_kept: int = sys.maxsize


class Calls:
    """The calls to neighbours that services make within a `with` block.

    What the test itself asks is not counted, only what is called for it.

    Args:
        asking: What the test itself is taken for.
        most: How many are allowed; `None`: any number.
    """

    def __init__(self, asking: Asking, most: int | None) -> None:
        self._asking = asking
        self._most = most
        self._begun = len(asking.calls), len(asking.own)

    @property
    def made(self) -> list[Made]:
        """The calls, each with those that its neighbour made in `calls`."""
        inside = self._asking.calls[self._begun[0] :]
        return inside + [each for own in self._own for each in own.calls]

    @property
    def count(self) -> int:
        """How many there are, with all that were made for them."""
        return count(self.made) + sum(own.others for own in self._own)

    def lines(self) -> list[str]:
        """Return a line for each of them, moved in as deep as it was made."""
        return [line for made in self.made for line in _lines(made, 1)]

    @property
    def _own(self) -> Sequence[Made]:
        return self._asking.own[self._begun[1] :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        if error is None and self._most is not None and self.count > self._most:
            listed = "\n".join(self.lines())
            raise AssertionError(
                f"{self.count} calls were made, at most {self._most} are allowed:\n"
                f"{listed}"
            )


def _lines(made: Made, depth: int) -> Iterator[str]:
    status = made.status or "no answer"
    times = f", sent {made.attempts} times" if made.attempts > 1 else ""
    where = f"{made.method} {made.neighbour} {made.path}"
    yield f"{'  ' * depth}{where} -> {status}{times}"
    for call in made.calls:
        yield from _lines(call, depth + 1)
    if made.others:
        yield f"{'  ' * (depth + 1)}and {made.others} more"
