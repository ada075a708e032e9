"""Several functions at once, under one deadline."""

import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

from .deadline import by
from .encoding import check_timeout
from .incoming import current_request
from .rounds import Round


T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
Fn = Callable[[], T]


@overload
def gather(
    a: Fn[A],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A, B]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A, B, C]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A, B, C, D]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    e: Fn[E],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A, B, C, D, E]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    e: Fn[E],
    f: Fn[F],
    /,
    *,
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[A, B, C, D, E, F]: ...
@overload
def gather(
    a: Fn[A], /, *, return_exceptions: bool, timeout: float | None = None
) -> tuple[A | Exception]: ...
@overload
def gather(
    a: Fn[A], b: Fn[B], /, *, return_exceptions: bool, timeout: float | None = None
) -> tuple[A | Exception, B | Exception]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    /,
    *,
    return_exceptions: bool,
    timeout: float | None = None,
) -> tuple[A | Exception, B | Exception, C | Exception]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    /,
    *,
    return_exceptions: bool,
    timeout: float | None = None,
) -> tuple[A | Exception, B | Exception, C | Exception, D | Exception]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    e: Fn[E],
    /,
    *,
    return_exceptions: bool,
    timeout: float | None = None,
) -> tuple[
    A | Exception, B | Exception, C | Exception, D | Exception, E | Exception
]: ...
@overload
def gather(
    a: Fn[A],
    b: Fn[B],
    c: Fn[C],
    d: Fn[D],
    e: Fn[E],
    f: Fn[F],
    /,
    *,
    return_exceptions: bool,
    timeout: float | None = None,
) -> tuple[
    A | Exception,
    B | Exception,
    C | Exception,
    D | Exception,
    E | Exception,
    F | Exception,
]: ...
@overload
def gather(
    *functions: Fn[T],
    return_exceptions: Literal[False] = False,
    timeout: float | None = None,
) -> tuple[T, ...]: ...
@overload
def gather(
    *functions: Fn[T], return_exceptions: bool, timeout: float | None = None
) -> tuple[T | Exception, ...]: ...
def gather(
    *functions: Callable[[], Any],
    return_exceptions: bool = False,
    timeout: float | None = None,
) -> tuple[Any, ...]:
    """Run functions at once and return their results, in their order.

        stock, reviews = gather(
            lambda: services.warehouse.get("/stock/7").json(),
            lambda: services.reviews.get("/of/7", fallback=[]).json(),
        )

    Each runs in a thread and in a copy of the caller's context, so `request`,
    `g` and `current_app` are those of the caller. The first failure ends all:
    what has not begun never does, and nobody waits for what has.

    Args:
        *functions: Without arguments.
        return_exceptions: Let a failure be the result of its function, and
            leave the others alone.
        timeout: Seconds for all of them; never more than is left of the
            request that is being answered.

    Raises:
        DeadlineExceeded: They were not all done in time.
        Exception: The first failure of a function.
    """
    asked = current_request()
    until = by(asked)
    if timeout is not None:
        until = min(until, time.monotonic() + check_timeout(timeout))
    round_ = Round(functions, until, stop=not return_exceptions)
    slot = None if asked is None else asked.slot
    if slot is None:
        round_.run(asked)
    else:
        slot.lend()
        try:
            round_.run(asked)
        finally:
            slot.take_back()
    return round_.results()
