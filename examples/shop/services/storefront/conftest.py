"""Stand-ins for the neighbours: three tiny Flask applications.

They speak the part of their neighbours' language that the pages need, and a
test can take each of them away.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from storefront import create_app

from glassware import BadAnswer, Unavailable


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


def catalog() -> Flask:
    """Make a catalog of three products, on two pages."""
    app = Flask("catalog")

    @app.get("/products")
    def products() -> ResponseReturnValue:
        wanted = request.args.getlist("slug") or list(PRODUCTS)
        if request.args.get("q") == "zeppelin":
            wanted = []
        items = [PRODUCTS[slug] for slug in wanted if slug in PRODUCTS]
        page = request.args.get("page", 1, type=int)
        return {"items": items, "total": len(items), "page": page, "pages": 2}

    @app.get("/products/<slug>")
    def product(slug: str) -> ResponseReturnValue:
        if slug not in PRODUCTS:
            return {"error": "not found"}, 404
        return PRODUCTS[slug] | {"siblings": list(PRODUCTS.values())}

    @app.get("/categories")
    def categories() -> ResponseReturnValue:
        kind = {"slug": "stemware", "name": "Stemware", "blurb": "On one leg."}
        return [kind | {"count": 3, "picture": PIECE["picture"]}]

    @app.get("/colours")
    def colours() -> ResponseReturnValue:
        return [PIECE["colour"]]

    return app


def cart() -> Flask:
    """Make a cart service that keeps carts in a dictionary."""
    app = Flask("cart")
    carts: dict[str, dict[str, int]] = {}
    app.extensions["carts"] = carts

    def answer(name: str) -> ResponseReturnValue:
        items = carts.get(name, {})
        return {
            "items": [{"product": key, "quantity": items[key]} for key in items],
            "count": sum(items.values()),
        }

    @app.get("/carts/<name>")
    def show(name: str) -> ResponseReturnValue:
        return answer(name)

    @app.post("/carts/<name>/items")
    def add(name: str) -> ResponseReturnValue:
        items = carts.setdefault(name, {})
        slug, quantity = request.json["product"], request.json["quantity"]
        items[slug] = items.get(slug, 0) + quantity
        return answer(name)

    @app.put("/carts/<name>/items/<slug>")
    def change(name: str, slug: str) -> ResponseReturnValue:
        carts[name][slug] = request.json["quantity"]
        carts[name] = {key: number for key, number in carts[name].items() if number}
        return answer(name)

    @app.delete("/carts/<name>")
    def empty(name: str) -> ResponseReturnValue:
        carts.pop(name, None)
        return answer(name)

    @app.post("/carts/<name>/merge")
    def merge(name: str) -> ResponseReturnValue:
        carts.setdefault(name, {}).update(carts.pop(request.json["from"], {}))
        return answer(name)

    @app.get("/popular")
    def popular() -> ResponseReturnValue:
        return {"products": ["heron-few"]}

    return app


def accounts() -> Flask:
    """Make an accounts service that knows Ada."""
    app = Flask("accounts")
    ada = {"id": 7, "email": "ada@example.org", "name": "Ada"}
    app.extensions["known"] = {7: ada}

    @app.get("/accounts")
    def count() -> ResponseReturnValue:
        return {"count": 1234}

    @app.get("/accounts/<int:number>")
    def show(number: int) -> ResponseReturnValue:
        return app.extensions["known"].get(number) or ({"error": "not found"}, 404)

    @app.post("/accounts")
    def register() -> ResponseReturnValue:
        if request.json["email"] == ada["email"]:
            return {"errors": {"email": "There is an account."}}, 409
        return ada | {"name": request.json["name"]}, 201

    @app.post("/accounts/verify")
    def verify() -> ResponseReturnValue:
        return ada if request.json["password"] == "engine" else ({"error": "no"}, 401)

    return app


class Answer:
    """An answer as `glassware.services` gives it."""

    def __init__(self, status_code: int, body: Any) -> None:
        self.status_code = status_code
        self.ok = status_code < 400
        self._body = body

    def json(self) -> Any:
        """Return the body."""
        return self._body

    def raise_for_status(self) -> "Answer":
        """Return this answer, or raise `BadAnswer`."""
        if not self.ok:
            raise BadAnswer(f"status {self.status_code}")
        return self


class StandIn:
    """One neighbour; `away` takes it away, `calls` counts what was asked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.away = False
        self.calls: list[str] = []

    def __getattr__(self, method: str) -> Any:
        def call(path: str, *, timeout: float = 10, **options: Any) -> Answer:
            self.calls.append(path)
            if self.away:
                raise Unavailable(f"`{self.app.name}` was not reached")
            options["query_string"] = options.pop("params", None)
            answer = self.app.test_client().open(path, method=method.upper(), **options)
            return Answer(answer.status_code, answer.get_json())

        return call


class StandIns:
    """What takes the place of `glassware.services`."""

    def __init__(self) -> None:
        self.catalog = StandIn(catalog())
        self.cart = StandIn(cart())
        self.accounts = StandIn(accounts())


@pytest.fixture
def neighbours(monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Put the stand-ins in the neighbours' place."""
    stand_ins = StandIns()
    monkeypatch.setattr("storefront.neighbours.services", stand_ins)
    return stand_ins


@pytest.fixture
def client(neighbours: StandIns) -> Iterator[FlaskClient]:
    """Return a visitor's browser, more or less."""
    app = create_app({"SECRET_KEY": "only for tests", "TESTING": True})
    with app.test_client() as client:
        yield client
