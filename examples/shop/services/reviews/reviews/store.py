"""Reviews in MongoDB: a document for each design, which is made by its first review."""

from typing import Any

from glassware import databases


Json = dict[str, Any]

# What a document holds in full; the sums go on counting.
KEPT = 50


def of(design: str) -> Json:
    """Return the document of a design; an unknown one has no reviews."""
    return databases.main.designs.find_one({"_id": design}) or {}


def add(design: str, review: Json) -> None:
    """Add a review, the newest first. It is one step."""
    databases.main.designs.update_one(
        {"_id": design},
        {
            "$push": {"reviews": {"$each": [review], "$position": 0, "$slice": KEPT}},
            "$inc": {"count": 1, "stars": review["stars"]},
        },
        upsert=True,
    )
