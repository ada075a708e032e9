"""The reviews on their own, with a real MongoDB."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from reviews.store import KEPT

from glassware.testing import Services, Site


REVIEW = {"name": "Ada", "stars": 4, "text": "Holds water."}


@pytest.fixture
def client(service: Services, site: Site) -> FlaskClient:
    """Return a client of the application."""
    return service("reviews").client


@pytest.fixture
def design() -> str:
    """Return the address of a design of which nobody has said anything."""
    return f"/designs/test-{uuid4()}"


def test_an_unknown_design_has_no_reviews(client: FlaskClient, design: str) -> None:
    """Nobody has to tell it of new designs."""
    assert client.get(design).json == {"count": 0, "mean": None, "reviews": []}


def test_the_newest_review_comes_first(client: FlaskClient, design: str) -> None:
    """With its day; the mean is of all."""
    client.post(design, json=REVIEW)
    answer = client.post(design, json=REVIEW | {"name": "Bob", "stars": 1})
    assert answer.status_code == 201
    found = client.get(design).json
    assert found == answer.json
    assert (found["count"], found["mean"]) == (2, 2.5)
    assert [review["name"] for review in found["reviews"]] == ["Bob", "Ada"]
    assert found["reviews"][0].keys() == {"name", "stars", "text", "day"}


def test_a_document_does_not_grow_for_ever(client: FlaskClient, design: str) -> None:
    """The oldest go; they are still counted."""
    for number in range(KEPT + 2):
        client.post(design, json=REVIEW | {"text": str(number)})
    found = client.get(design).json
    assert found["count"] == KEPT + 2
    assert [review["text"] for review in found["reviews"]][-1] == "2"
    assert len(found["reviews"]) == KEPT


@pytest.mark.parametrize(
    "change",
    [
        {"stars": 0},
        {"stars": 6},
        {"stars": 4.5},
        {"stars": True},
        {"name": " "},
        {"text": None},
        {"text": "a" * 1001},
    ],
)
def test_what_is_no_review_is_refused(
    client: FlaskClient, design: str, change: dict[str, Any]
) -> None:
    """With a sentence that says what it should be."""
    answer = client.post(design, json=REVIEW | change)
    assert answer.status_code == 400
    assert "must be" in answer.json["error"]
    assert client.get(design).json["count"] == 0
