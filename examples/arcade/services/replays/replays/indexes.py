"""Make the indexes: `python -m replays.indexes`. What is there stays."""

from pymongo import DESCENDING
from pymongo.database import Database

from glassware import databases


def ensure(database: Database) -> None:
    """Let the latest replays, and those of a player, be found at once."""
    latest = ("at", DESCENDING)
    database.replays.create_index([latest])
    database.replays.create_index([("player", 1), latest])


if __name__ == "__main__":
    ensure(databases.main)
