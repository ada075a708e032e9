"""The lobby in Valkey.

Keys:
    here: Names, by when they were last seen.
    playing: Names, by when their round began.
    round:ID: A round, until it is too late to end it.
    top:DAY: Names, by their best score of a day.
    starts:NAME: How many rounds somebody began within a minute.
"""

import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from glassware import databases


SEEN = timedelta(minutes=2)
LONGEST_ROUND = timedelta(minutes=10)
A_MATCH = timedelta(seconds=40)
STARTS = 12
TOP = 10


class TooMany(Exception):
    """Somebody begins rounds faster than anybody plays them."""


def see(player: str) -> None:
    """Note that somebody is here."""
    databases.main.zadd("here", {player: time.time()})


def here() -> list[dict[str, Any]]:
    """Return who is here, the latest first, and whether they play."""
    now = time.time()
    with databases.main.pipeline() as together:
        together.zremrangebyscore("here", 0, now - SEEN.total_seconds())
        together.zremrangebyscore("playing", 0, now - A_MATCH.total_seconds())
        together.zrevrange("here", 0, 49)
        together.zrange("playing", 0, -1)
        *_, names, playing = together.execute()
    return [{"player": name.decode(), "plays": name in playing} for name in names]


def begin(player: str, kind: str) -> dict[str, Any]:
    """Hand out a round.

    Raises:
        TooMany: Not yet.
    """
    valkey, key = databases.main, f"starts:{player}"
    starts = valkey.incr(key)
    valkey.expire(key, 60, nx=True)
    if starts > STARTS:
        raise TooMany
    given = {
        "id": secrets.token_hex(8),
        "seed": secrets.randbelow(2**32 - 1) + 1,
        "player": player,
        "kind": kind,
        "at": time.time(),
    }
    valkey.set(f"round:{given['id']}", json.dumps(given), ex=LONGEST_ROUND)
    valkey.zadd("playing", {player: time.time()})
    return given


def find(number: str) -> dict[str, Any] | None:
    """Return a round, with the seconds since it began."""
    kept = databases.main.get(f"round:{number}")
    if kept is None:
        return None
    given = json.loads(kept)
    return given | {"age": time.time() - given["at"]}


def end(given: dict[str, Any], score: int) -> None:
    """Note the score of a round; to do it twice changes nothing."""
    with databases.main.pipeline() as together:
        together.zrem("playing", given["player"])
        together.zadd(_top(), {given["player"]: score}, gt=True)
        together.expire(_top(), timedelta(days=2))
        together.execute()


def top() -> list[dict[str, Any]]:
    """Return today's best."""
    found = databases.main.zrevrange(_top(), 0, TOP - 1, withscores=True)
    return [{"player": name.decode(), "score": int(score)} for name, score in found]


def _top() -> str:
    return f"top:{datetime.now(UTC):%Y-%m-%d}"
