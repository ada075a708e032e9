"""Carts in Valkey: a hash for each, from product to quantity."""

from contextlib import suppress
from datetime import timedelta

from glassware import databases


KEPT = timedelta(days=30)
MAX_QUANTITY = 99
MAX_PRODUCTS = 60
POPULAR = "popular"


class CartFull(Exception):
    """The cart holds as many different products as it may."""


def items(cart: str) -> dict[str, int]:
    """Return the products of a cart and their quantities; an unknown one is empty."""
    found = databases.carts.hgetall(_key(cart))
    return {product.decode(): int(quantity) for product, quantity in found.items()}


def add(cart: str, product: str, quantity: int) -> None:
    """Put more of a product into a cart.

    Raises:
        CartFull: It would be one product too many.
    """
    _put(cart, product, quantity)
    with databases.carts.pipeline() as together:
        together.zincrby(POPULAR, quantity, product)
        together.expire(POPULAR, KEPT)
        together.execute()


def change(cart: str, product: str, quantity: int) -> None:
    """Set the quantity of a product that is in a cart; zero takes it out."""
    valkey, key = databases.carts, _key(cart)
    if quantity == 0:
        valkey.hdel(key, product)
    elif valkey.hexists(key, product):
        valkey.hset(key, product, quantity)
    valkey.expire(key, KEPT)


def empty(cart: str) -> None:
    """Take everything out."""
    databases.carts.delete(_key(cart))


def merge(cart: str, other: str) -> None:
    """Move what is in the `other` cart into this one, as far as it fits."""
    moved = items(other)
    empty(other)
    with suppress(CartFull):
        for product, quantity in moved.items():
            _put(cart, product, quantity)


def popular(count: int) -> list[str]:
    """Return the products that most often went into a cart lately."""
    found = databases.carts.zrevrange(POPULAR, 0, count - 1)
    return [product.decode() for product in found]


def _put(cart: str, product: str, quantity: int) -> None:
    valkey, key = databases.carts, _key(cart)
    if not valkey.hexists(key, product) and valkey.hlen(key) >= MAX_PRODUCTS:
        raise CartFull
    if valkey.hincrby(key, product, quantity) > MAX_QUANTITY:
        valkey.hset(key, product, MAX_QUANTITY)
    valkey.expire(key, KEPT)


def _key(cart: str) -> str:
    return f"cart:{cart}"
