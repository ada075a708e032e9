"""Reviews in MongoDB: a document for each design, which is made by its first review."""

from typing import Any

from pymongo import ReturnDocument

from glassware import databases


Json = dict[str, Any]

# What a document holds in full; the sums go on counting.
KEPT = 50


def of(design: str) -> Json:
    """Return the document of a design; an unknown one has no reviews."""
    return databases.main.designs.find_one({"_id": design}) or {}


def add(design: str, review: Json) -> Json:
    """Add a review, the newest first, and return the document. It is one step."""
    return databases.main.designs.find_one_and_update(
        {"_id": design},
        {
            "$push": {"reviews": {"$each": [review], "$position": 0, "$slice": KEPT}},
            "$inc": {"count": 1, "stars": review["stars"]},
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
