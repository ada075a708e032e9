"""Which thread makes which fragment of one process, and when."""

import threading
from collections.abc import Callable

from glassware.service.pool import Pool
from glassware.website.fragments.piece import Piece
from glassware.website.fragments.turns import Turns
from waiting import until


def pieces(*names: str) -> list[Piece]:
    """Return pieces that nobody has begun with."""
    return [Piece(name=name, values={}) for name in names]


def made_by(
    pool: Pool, names: tuple[str, ...], fetch: Callable[[Piece], None]
) -> Turns:
    """Return the turns of some pieces."""
    turns = Turns(pool, fetch)
    for piece in pieces(*names):
        turns.add(piece)
    return turns


def test_one_that_waits_does_not_keep_the_others_waiting() -> None:
    """The first fragment is over only when the last one is: both are made at once."""
    last, ended = threading.Event(), threading.Event()

    def fetch(piece: Piece) -> None:
        if piece.name == "first":
            if last.wait(10):
                ended.set()
        elif piece.name == "last":
            last.set()

    made_by(Pool(8), ("first", "second", "last"), fetch).go()
    assert ended.wait(10)


def test_they_begin_although_the_page_does_not_wait_yet() -> None:
    """A page that goes on with its own work finds its fragments made."""
    made = threading.Event()
    made_by(Pool(8), ("only",), lambda _: made.set())
    assert made.wait(10)


def test_a_page_without_a_free_thread_is_told_so() -> None:
    """Whoever waits then makes them: nothing waits for a thread that never comes."""
    seen: list[str] = []
    turns = Turns(Pool(0), lambda piece: seen.append(piece.name))
    (piece,) = pieces("only")
    assert not turns.add(piece)
    assert not turns.go()
    assert turns.take() is piece
    assert turns.take() is None
    assert not seen


def test_each_is_made_once() -> None:
    """However many threads come to them, no fragment is asked for twice."""
    seen: list[str] = []
    names = tuple(f"piece {number}" for number in range(50))
    made_by(Pool(8), names, lambda piece: seen.append(piece.name)).go()
    until(lambda: len(seen) >= len(names))
    assert sorted(seen) == sorted(names)
