"""An error, and those that it was made of."""

from collections.abc import Iterator


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Return `error` and what it was made of, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        # SQLAlchemy keeps the driver's own there.
        own = getattr(each, "orig", None)
        waiting.append(own if isinstance(own, BaseException) else None)
        waiting.append(each.__cause__)
        if not each.__suppress_context__:
            waiting.append(each.__context__)
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
