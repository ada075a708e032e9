"""Replays in MongoDB. A document is found by the name of its match."""

from typing import Any

from pymongo import ReturnDocument

from glassware import databases


Document = dict[str, Any]

# A list is shown without the moves, which are most of a document.
WITHOUT_MOVES = {"moves": 0}


def keep(match: str, replay: Document) -> Document:
    """Keep a replay, and return the one that is kept: the first of a match stays."""
    return databases.main.replays.find_one_and_update(
        {"_id": match},
        {"$setOnInsert": replay},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )


def find(match: str) -> Document | None:
    """Return the replay of a match."""
    return databases.main.replays.find_one({"_id": match})


def latest(count: int) -> list[Document]:
    """Return the newest replays, without their moves."""
    found = databases.main.replays.find({}, WITHOUT_MOVES)
    return list(found.sort("at", -1).limit(count))
