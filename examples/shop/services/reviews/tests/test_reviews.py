"""The reviews on their own, with a real MongoDB and a fake catalog."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from reviews import store

from glassware.testing import Fake, Service, Services, SiteDatabases


REVIEW = {"stars": 4, "text": "Holds <water>."}


@pytest.fixture
def design() -> str:
    """Return a design of which nobody has said anything."""
    return f"test-{uuid4()}"


@pytest.fixture
def reviews(
    service: Services,
    fake: Callable[[str], Fake],
    site_databases: SiteDatabases,
    design: str,
) -> Service:
    """Return the service; every product is of that design."""
    known = {"name": design}
    fake("catalog").get(
        "/products/<slug>",
        lambda call, slug: known if slug != "unknown" else ({}, 404),
    )
    return service("reviews")


def test_an_unknown_design_has_no_reviews(reviews: Service) -> None:
    """Nobody has to tell it of new designs; unknown products have nothing at all."""
    assert "Nobody has said anything yet" in reviews.client.get("/heron-rose").text
    assert reviews.client.get("/unknown").status_code == 404


def test_the_newest_review_comes_first(reviews: Service) -> None:
    """In the name of who has signed in; the mean is of all, in whichever colour."""
    for name, stars in (("Ada", 4), ("Bob", 1)):
        reviews.sign_in(name, name=name)
        answer = reviews.client.post("/heron-rose", data=REVIEW | {"stars": stars})
        assert answer.location == "/product/heron-rose"
    page = reviews.client.get("/heron-clear").text
    assert "2.5 of 5, say 2" in page
    assert "Holds &lt;water&gt;." in page
    assert page.index("Bob,") < page.index("Ada,")


def test_only_who_has_signed_in_has_the_form(reviews: Service) -> None:
    """Others are shown where to sign in, and the way back."""
    page = reviews.client.get("/heron-rose").text
    assert "/account/sign-in?next=/product/heron-rose" in page
    assert "<form" not in page
    assert reviews.client.post("/heron-rose", data=REVIEW).status_code == 401
    reviews.sign_in("7", name="Ada")
    assert "<form" in reviews.client.get("/heron-rose").text


@pytest.mark.parametrize(
    "change",
    [
        *({"stars": 0}, {"stars": 6}, {"stars": "4.5"}),
        *({"text": " "}, {"text": "a" * 1001}),
    ],
)
def test_what_is_no_review_is_refused(
    reviews: Service, design: str, change: dict[str, Any]
) -> None:
    """With a sentence that says what it should be, on the page of the product."""
    reviews.sign_in("7", name="Ada")
    answer = reviews.client.post("/heron-rose", data=REVIEW | change)
    assert answer.location == "/product/heron-rose"
    assert store.of(design) == {}


def test_a_document_does_not_grow_for_ever(reviews: Service, design: str) -> None:
    """The oldest go; they are still counted."""
    for number in range(store.KEPT + 2):
        store.add(design, REVIEW | {"text": str(number)})
    found = store.of(design)
    assert found["count"] == store.KEPT + 2
    assert [review["text"] for review in found["reviews"]][-1] == "2"
