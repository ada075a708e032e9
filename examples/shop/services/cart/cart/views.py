"""The JSON interface."""

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from cart import store


MAX_NAME = 80

api = Blueprint("api", __name__)


@api.get("/carts/<cart>")
def show(cart: str) -> ResponseReturnValue:
    """Return what is in a cart."""
    return _cart(cart)


@api.post("/carts/<cart>/items")
def add(cart: str) -> ResponseReturnValue:
    """Put `{"product": …, "quantity": …}` into a cart."""
    body = _body()
    product = body.get("product")
    if not (isinstance(product, str) and 0 < len(product) <= MAX_NAME):
        abort(400, "`product` must be the slug of a product")
    try:
        store.add(cart, product, _quantity(body, least=1))
    except store.CartFull:
        abort(409, f"a cart holds {store.MAX_PRODUCTS} different products")
    return _cart(cart)


@api.put("/carts/<cart>/items/<product>")
def change(cart: str, product: str) -> ResponseReturnValue:
    """Set the `{"quantity": …}` of a product in a cart; 0 takes it out."""
    store.change(cart, product, _quantity(_body(), least=0))
    return _cart(cart)


@api.delete("/carts/<cart>")
def empty(cart: str) -> ResponseReturnValue:
    """Take everything out of a cart."""
    store.empty(cart)
    return _cart(cart)


@api.post("/carts/<cart>/merge")
def merge(cart: str) -> ResponseReturnValue:
    """Move everything of the cart `{"from": …}` into this one."""
    other = _body().get("from")
    if not (isinstance(other, str) and other):
        abort(400, "`from` must name a cart")
    if other != cart:
        store.merge(cart, other)
    return _cart(cart)


@api.get("/popular")
def popular() -> ResponseReturnValue:
    """Return the slugs of the products that most often went into a cart."""
    return {"products": store.popular(12)}


def _cart(cart: str) -> dict[str, Any]:
    items = store.items(cart)
    return {
        "items": [
            {"product": product, "quantity": quantity}
            for product, quantity in sorted(items.items())
        ],
        "count": sum(items.values()),
    }


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "the body must be an object")
    return body


def _quantity(body: dict[str, Any], *, least: int) -> int:
    quantity = body.get("quantity", 1)
    if type(quantity) is not int or not least <= quantity <= store.MAX_QUANTITY:
        abort(400, f"`quantity` must be a number from {least} to {store.MAX_QUANTITY}")
    return quantity
