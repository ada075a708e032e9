"""The neighbours as the pages need them: four fakes, which a test can take away."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask.testing import FlaskClient

from glassware.testing import Fake, Recorded, Services


PIECE = {
    "name": "Heron",
    "category": {"slug": "stemware", "name": "Stemware"},
    "colour": {"slug": "rose", "name": "Rose", "glass": "#dd7595"},
    "description": "A wine glass on a long leg.",
    "price": 3_950,
    "currency": "EUR",
    "height": 240,
    "width": 90,
    "picture": {
        "glass": "#dd7595",
        "height": 240,
        "width": 90,
        "outline": [[0, 76], [30, 100], [57, 8], [90, 7], [100, 80]],
        "finish": "swirled",
        "part": "",
    },
}
PRODUCTS = {
    slug: PIECE | {"slug": slug, "stock": stock}
    for slug, stock in (("heron-rose", 12), ("heron-few", 2), ("heron-gone", 0))
}
KIND = {"slug": "stemware", "name": "Stemware", "blurb": "On one leg.", "count": 3}


@pytest.fixture
def client(service: Services, fake: Callable[[str], Fake]) -> FlaskClient:
    """Return a visitor's browser, more or less; the fakes are the neighbours."""
    catalog = fake("catalog")
    catalog.get("/products", _products).get("/products/<slug>", _product)
    catalog.get("/categories", json=[KIND | {"picture": PIECE["picture"]}])
    catalog.get("/colours", json=[PIECE["colour"]])
    cart = fake("cart")
    cart.get("/mini", text='<span class="count">3</span>')
    cart.get("/popular", json={"products": ["heron-few"]})
    fake("accounts").get("/invitation", text="<p>1,234 people</p>")
    fake("reviews").get("/<slug>", lambda call, slug: f"<p>All about {slug}</p>")
    return service("storefront").client


@pytest.fixture
def take_away(service: Services) -> Iterator[Callable[[str], None]]:
    """Let a neighbour be gone for the rest of the test."""
    with ExitStack() as ending:
        yield lambda name: ending.enter_context(
            service.fault("storefront", name, down=True)
        )


def _product(call: Recorded, slug: str) -> Any:
    if slug not in PRODUCTS:
        return {"error": "not found"}, 404
    return PRODUCTS[slug] | {"siblings": list(PRODUCTS.values())}


def _products(call: Recorded) -> Any:
    wanted = call.query.getlist("slug") or list(PRODUCTS)
    if call.query.get("q") == "zeppelin":
        wanted = []
    items = [PRODUCTS[slug] for slug in wanted if slug in PRODUCTS]
    page = call.query.get("page", 1, type=int)
    return {"items": items, "total": len(items), "page": page, "pages": 2}
