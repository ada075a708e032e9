"""The rules, on their own."""

import random

import pytest
from replays.judge import DOWN, KINDS, LEFT, RIGHT, TICKS, UP, Foul, judge


def some_moves(seed: int) -> list[list[int]]:
    """Return the moves of somebody who presses whatever is near."""
    chance = random.Random(seed)
    keys = (0, LEFT, RIGHT, UP, DOWN, LEFT | UP, RIGHT | DOWN)
    return [[tick, chance.choice(keys)] for tick in range(0, TICKS, 25)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_moves_come_to_the_same(kind: str) -> None:
    """Whoever plays them again."""
    moves = some_moves(7)
    assert judge(7, kind, moves) == judge(7, kind, moves)


def test_moves_matter() -> None:
    """And so do the seed and the moth."""
    verdicts = {
        judge(7, "luna", []),
        judge(7, "luna", some_moves(1)),
        judge(8, "luna", some_moves(1)),
        judge(7, "hawk", some_moves(1)),
    }
    assert len(verdicts) == 4


def test_each_moth_is_good_at_something() -> None:
    """Doing nothing: the one that reaches far catches more; a tiger recovers sooner."""
    idle = {kind: [judge(seed, kind, []) for seed in range(1, 21)] for kind in KINDS}
    caught = {kind: sum(each.caught for each in idle[kind]) for kind in KINDS}
    assert caught["luna"] > caught["tiger"] > caught["hawk"]
    assert KINDS["hawk"].speed > KINDS["tiger"].speed > KINDS["luna"].speed


@pytest.mark.parametrize(
    "moves",
    [
        [[0, 16]],
        [[-1, 1]],
        [[TICKS, 1]],
        [[5, 1], [5, 2]],
        [[6, 1], [5, 2]],
        [[1]],
        [["1", 1]],
        [{"tick": 1, "keys": 1}],
        ["move"],
        [None],
    ],
)
def test_what_no_game_could_have_had_is_a_foul(moves: list[object]) -> None:
    """Other keys, other times, or time that runs backwards."""
    with pytest.raises(Foul):
        judge(7, "luna", moves)
