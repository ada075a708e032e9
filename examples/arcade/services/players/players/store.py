"""Players in PostgreSQL, by their name."""

from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import class_row

from glassware import databases


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with a name."""

    name: str
    password_hash: str = field(repr=False)
    best: int
    since: datetime


def add(name: str, password_hash: str) -> Player | None:
    """Keep somebody new; `None`: the name is taken."""
    return _one(
        """
        insert into player (name, password_hash) values (%s, %s)
        on conflict do nothing returning *
        """,
        name,
        password_hash,
    )


def find(name: str) -> Player | None:
    """Return the player of that name."""
    return _one("select * from player where name = %s", name)


def raise_best(name: str, score: int) -> Player | None:
    """Note a score, where it is the player's best; to do it twice changes nothing."""
    query = "update player set best = greatest(best, %s) where name = %s returning *"
    return _one(query, score, name)


def best(count: int) -> list[Player]:
    """Return the best players of all time."""
    query = "select * from player where best > 0 order by best desc, since limit %s"
    with (
        databases.main.connection() as connection,
        connection.cursor(row_factory=class_row(Player)) as cursor,
    ):
        return cursor.execute(query, [count]).fetchall()


def _one(query: str, *values: object) -> Player | None:
    with (
        databases.main.connection() as connection,
        connection.cursor(row_factory=class_row(Player)) as cursor,
    ):
        return cursor.execute(query, values).fetchone()
