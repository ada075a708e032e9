"""How many calls to neighbours a part of a test makes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from glassware.current import Incoming, Made
from glassware.told import count


@dataclass(slots=True)
class Calls:
    """The calls that services made, with those that were made for them.

    Attributes:
        made: Each with the calls of its neighbour in `calls`.
    """

    made: list[Made] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there were, all of the tree."""
        return count(self.made)

    def lines(self) -> list[str]:
        """Return a line for each of them, as deep as it was."""
        return list(_lines(self.made, 0))

    def __len__(self) -> int:
        return self.count


@contextmanager
def counted(test: Incoming, most: int | None = None) -> Iterator[Calls]:
    """Count the calls that services make until the block ends.

    Args:
        test: What the test itself is taken for.
        most: How many are allowed; `None`: any number.

    Raises:
        AssertionError: There were more; it names them.
    """
    __tracebackhide__ = True
    calls, before = Calls(), len(test.calls)
    yield calls
    calls.made.extend(test.calls[before:])
    if most is not None and calls.count > most:
        listed = "\n".join(calls.lines())
        allowed = "no call is allowed" if most == 0 else f"at most {most} are allowed"
        raise AssertionError(f"{calls.count} calls were made, {allowed}:\n{listed}")


def _lines(made: Sequence[Made], depth: int) -> Iterator[str]:
    for call in made:
        status = call.status or "no answer"
        times = f", sent {call.attempts} times" if call.attempts > 1 else ""
        where = f"{call.method} {call.neighbour} {call.path}"
        yield f"{'  ' * (depth + 1)}{where} -> {status}{times}"
        yield from _lines(call.calls, depth + 1)
        if call.others:
            yield f"{'  ' * (depth + 2)}and {call.others} more"
