"""Matches in Cassandra: written several times, once for each question."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from glassware import databases


ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A match that was played."""

    match: str
    player: str
    kind: str
    score: int
    caught: int
    at: datetime


def add(played: Match) -> None:
    """Keep a match; to do it twice changes nothing."""
    execute(
        "insert into match_by_player (player, at, match, kind, score, caught) "
        "values (?, ?, ?, ?, ?, ?)",
        *(played.player, played.at, played.match),
        *(played.kind, played.score, played.caught),
    )
    execute(
        "insert into match_by_day (day, score, match, player, kind, at) "
        "values (?, ?, ?, ?, ?, ?)",
        *(day_of(played.at), played.score, played.match),
        *(played.player, played.kind, played.at),
    )
    # A counter cannot be written twice with impunity, so this asks first. Who is
    # killed in between leaves the totals one short.
    if execute(
        "insert into counted (match) values (?) if not exists", played.match
    ).was_applied:
        for whose in (ALL, f"player:{played.player}"):
            execute(
                "update total set matches = matches + 1, caught = caught + ? "
                "where whose = ?",
                *(played.caught, whose),
            )


def of_player(player: str, count: int) -> list[Any]:
    """Return somebody's latest matches."""
    query = "select * from match_by_player where player = ? limit ?"
    return list(execute(query, player, count))


def of_day(day: str, count: int) -> list[Any]:
    """Return the best matches of a day."""
    query = "select * from match_by_day where day = ? limit ?"
    return list(execute(query, day, count))


def total(whose: str = ALL) -> dict[str, int]:
    """Return how many matches there were, and sparks that were caught."""
    row = execute("select matches, caught from total where whose = ?", whose).one()
    return {"matches": row.matches, "caught": row.caught} if row else _NOTHING


def day_of(at: datetime) -> str:
    """Return the day of a moment."""
    return at.astimezone(UTC).date().isoformat()


_NOTHING = {"matches": 0, "caught": 0}


def execute(query: str, *values: object) -> Any:
    """Run a statement, which is prepared once."""
    session = databases.main
    return session.execute(_prepared(session, query), values)


@lru_cache
def _prepared(session: Any, query: str) -> Any:
    return session.prepare(query)
