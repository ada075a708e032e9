"""The rules of the game. What a match came to is found by playing its moves again.

The browser plays by `web/static/rules.js`, which says the same in its own language.
Both count in whole numbers only, so that they never differ: 16 units are a pixel of
the field, 50 ticks a second.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise


TICKS = 1500
WIDTH, HEIGHT = 5760, 7680
LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8

SPARK, MOON, EMBER = range(3)
SIZE = {SPARK: 96, MOON: 128, EMBER: 240}
BODY = 96


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of moth can do.

    Attributes:
        speed: Units in a tick.
        reach: How far from its middle it catches sparks.
        dazed: Ticks that it is of no use after it touched an ember.
    """

    speed: int
    reach: int
    dazed: int


KINDS = {
    "luna": Kind(speed=52, reach=480, dazed=45),
    "hawk": Kind(speed=84, reach=288, dazed=45),
    "tiger": Kind(speed=64, reach=320, dazed=12),
}


class Foul(Exception):
    """The moves are none that a game could have had."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a match came to."""

    score: int
    caught: int
    hits: int
    streak: int


@dataclass(slots=True)
class Falling:
    """Something that comes down."""

    what: int
    x: int
    y: int
    dx: int
    dy: int


class Night:
    """One match, tick by tick."""

    def __init__(self, seed: int, kind: Kind) -> None:
        self.kind = kind
        self.random = seed
        self.tick = 0
        self.x, self.y = WIDTH // 2, HEIGHT * 3 // 4
        self.falling: list[Falling] = []
        self.dazed_until = 0
        self.score = self.caught = self.hits = self.streak = self.longest = 0

    def step(self, keys: int) -> None:
        """Play one tick with these keys held."""
        self._appear()
        if self.tick >= self.dazed_until:
            self._move(keys)
        for thing in self.falling:
            self._fall(thing)
        self.falling = [thing for thing in self.falling if thing.y < HEIGHT + 320]
        self.tick += 1

    def _appear(self) -> None:
        if self.tick % 16 == 0:
            self._add(MOON if self._below(14) == 0 else SPARK)
        if self.tick % (36 - self.tick // 75) == 0:
            self._add(EMBER)

    def _add(self, what: int) -> None:
        x = 320 + self._below(WIDTH - 640)
        dx = self._below(33) - 16
        dy = 28 + self._below(24)
        if what == EMBER:
            dy += 20 + self.tick // 40
        self.falling.append(Falling(what, x, -320, dx, dy))

    def _move(self, keys: int) -> None:
        across = bool(keys & RIGHT) - bool(keys & LEFT)
        along = bool(keys & DOWN) - bool(keys & UP)
        pace = self.kind.speed * (11 if across and along else 16) // 16
        self.x = min(max(self.x + across * pace, 0), WIDTH)
        self.y = min(max(self.y + along * pace, 0), HEIGHT)

    def _fall(self, thing: Falling) -> None:
        thing.x += thing.dx
        thing.y += thing.dy
        if not 0 <= thing.x <= WIDTH:
            thing.dx = -thing.dx
        near = SIZE[thing.what] + (BODY if thing.what == EMBER else self.kind.reach)
        far = (thing.x - self.x) ** 2 + (thing.y - self.y) ** 2 > near**2
        if self.tick < self.dazed_until or far:
            return
        # It is gone with the end of this tick.
        thing.y = HEIGHT + 320
        self._touch(thing.what)

    def _touch(self, what: int) -> None:
        if what == EMBER:
            self.hits += 1
            self.streak = 0
            self.score = max(self.score - 20, 0)
            self.dazed_until = self.tick + self.kind.dazed
            return
        self.caught += 1
        self.streak += 1
        self.longest = max(self.longest, self.streak)
        self.score += 50 if what == MOON else 10 * min(1 + self.streak // 5, 5)

    def _below(self, limit: int) -> int:
        # xorshift32, after George Marsaglia.
        x = self.random
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.random = x
        return x % limit


def judge(seed: int, kind: str, moves: Iterable[object]) -> Verdict:
    """Play a match again.

    Args:
        seed: What decides where things appear; 1 to 2³²-1.
        kind: The moth's.
        moves: `[tick, keys]` for each tick at which other keys were held than before.

    Raises:
        Foul: No game could have had these moves.
    """
    held = _read(moves)
    night = Night(seed, KINDS[kind])
    keys = 0
    for tick in range(TICKS):
        keys = held.get(tick, keys)
        night.step(keys)
    return Verdict(night.score, night.caught, night.hits, night.longest)


def as_json(verdict: Verdict) -> dict[str, int]:
    """Return a verdict as it is told to others."""
    return asdict(verdict)


def _read(moves: Iterable[object]) -> dict[int, int]:
    held = []
    for move in moves:
        match move:
            case [int(tick), int(keys)] if 0 <= tick < TICKS and 0 <= keys < 16:
                held.append((tick, keys))
            case _:
                raise Foul(f"`{move}` is no move")
    if any(earlier[0] >= later[0] for earlier, later in pairwise(held)):
        raise Foul("moves must be in the order of their ticks")
    return dict(held)
