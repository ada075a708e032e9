"""The neighbours as the pages need them: four fakes, which a test can take away."""

from collections.abc import Iterator
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
ADA = {"id": 7, "email": "ada@example.org", "name": "Ada"}


class Neighbours:
    """The four fakes, and what three of them keep.

    Attributes:
        carts: Products and quantities, by cart.
        known: The accounts, by number.
        said: The reviews, whatever they are about.
    """

    def __init__(self, service: Services, fake: Any, ending: ExitStack) -> None:
        self._service = service
        self._ending = ending
        self.carts: dict[str, dict[str, int]] = {}
        self.known = {7: ADA}
        self.said: list[dict[str, Any]] = []
        self._catalog(fake("catalog"))
        self._cart(fake("cart"))
        self._accounts(fake("accounts"))
        self._reviews(fake("reviews"))

    def take_away(self, name: str) -> None:
        """Let nobody be there for the rest of the test."""
        fault = self._service.fault("storefront", name, down=True)
        self._ending.enter_context(fault)

    def _catalog(self, catalog: Fake) -> None:
        def product(call: Recorded, slug: str) -> Any:
            if slug not in PRODUCTS:
                return {"error": "not found"}, 404
            return PRODUCTS[slug] | {"siblings": list(PRODUCTS.values())}

        def products(call: Recorded) -> Any:
            wanted = call.query.getlist("slug") or list(PRODUCTS)
            if call.query.get("q") == "zeppelin":
                wanted = []
            items = [PRODUCTS[slug] for slug in wanted if slug in PRODUCTS]
            page = call.query.get("page", 1, type=int)
            return {"items": items, "total": len(items), "page": page, "pages": 2}

        catalog.get("/products", products)
        catalog.get("/products/<slug>", product)
        catalog.get("/categories", json=[KIND | {"picture": PIECE["picture"]}])
        catalog.get("/colours", json=[PIECE["colour"]])

    def _cart(self, cart: Fake) -> None:
        carts = self.carts

        def show(call: Recorded, name: str) -> Any:
            items = carts.get(name, {})
            return {
                "items": [{"product": key, "quantity": items[key]} for key in items],
                "count": sum(items.values()),
            }

        def add(call: Recorded, name: str) -> Any:
            items = carts.setdefault(name, {})
            slug = call.json["product"]
            items[slug] = items.get(slug, 0) + call.json["quantity"]
            return show(call, name)

        def change(call: Recorded, name: str, slug: str) -> Any:
            carts[name][slug] = call.json["quantity"]
            carts[name] = {key: number for key, number in carts[name].items() if number}
            return show(call, name)

        def empty(call: Recorded, name: str) -> Any:
            carts.pop(name, None)
            return show(call, name)

        def merge(call: Recorded, name: str) -> Any:
            carts.setdefault(name, {}).update(carts.pop(call.json["from"], {}))
            return show(call, name)

        cart.get("/carts/<name>", show).delete("/carts/<name>", empty)
        cart.post("/carts/<name>/items", add)
        cart.put("/carts/<name>/items/<slug>", change)
        cart.post("/carts/<name>/merge", merge)
        cart.get("/popular", json={"products": ["heron-few"]})

    def _accounts(self, accounts: Fake) -> None:
        def show(call: Recorded, number: int) -> Any:
            return self.known.get(number) or ({"error": "not found"}, 404)

        def register(call: Recorded) -> Any:
            if call.json["email"] == ADA["email"]:
                return {"errors": {"email": "There is an account."}}, 409
            return ADA | {"name": call.json["name"]}, 201

        def verify(call: Recorded) -> Any:
            return ADA if call.json["password"] == "engine" else ({"error": "no"}, 401)

        accounts.get("/accounts", json={"count": 1234}).post("/accounts", register)
        accounts.get("/accounts/<int:number>", show)
        accounts.post("/accounts/verify", verify)

    def _reviews(self, reviews: Fake) -> None:
        said = self.said

        def show(call: Recorded, design: str) -> Any:
            mean = sum(each["stars"] for each in said) / len(said) if said else None
            return {"count": len(said), "mean": mean, "reviews": said}

        def add(call: Recorded, design: str) -> Any:
            if not call.json["text"]:
                return {"error": "`text` must be text"}, 400
            said.insert(0, call.json | {"day": "2026-01-02"})
            return show(call, design), 201

        reviews.get("/designs/<design>", show).post("/designs/<design>", add)


@pytest.fixture
def neighbours(service: Services, fake: Any) -> Iterator[Neighbours]:
    """Put the fakes in the neighbours' place."""
    with ExitStack() as ending:
        yield Neighbours(service, fake, ending)


@pytest.fixture
def client(service: Services, neighbours: Neighbours) -> FlaskClient:
    """Return a visitor's browser, more or less."""
    storefront = service("storefront")
    storefront.app.config["TESTING"] = True
    return storefront.client
