"""Carts in Valkey: a hash for each, from product to quantity."""

from datetime import timedelta

from glassware import databases


KEPT = timedelta(days=30)
MAX_QUANTITY = 99
MAX_PRODUCTS = 60
POPULAR = "popular"


def items(cart: str) -> dict[str, int]:
    """Return the products of a cart and their quantities; nobody's is empty."""
    return _read(databases.carts.hgetall(_key(cart))) if cart else {}


def add(cart: str, product: str, quantity: int) -> bool:
    """Put more of a product into a cart; tell whether it had room."""
    if not _put(cart, product, quantity):
        return False
    with databases.carts.pipeline() as together:
        together.zincrby(POPULAR, quantity, product)
        together.expire(POPULAR, KEPT)
        together.execute()
    return True


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
    """Move what is in the `other` cart into this one, as far as it fits.

    Of two requests at once, one finds the other cart full, and one empty.
    """
    with databases.carts.pipeline() as together:
        together.hgetall(_key(other))
        together.delete(_key(other))
        moved, _ = together.execute()
    for product, quantity in _read(moved).items():
        _put(cart, product, quantity)


def popular(count: int) -> list[str]:
    """Return the products that most often went into a cart lately."""
    found = databases.carts.zrevrange(POPULAR, 0, count - 1)
    return [product.decode() for product in found]


def _put(cart: str, product: str, quantity: int) -> bool:
    valkey, key = databases.carts, _key(cart)
    if not valkey.hexists(key, product) and valkey.hlen(key) >= MAX_PRODUCTS:
        return False
    if valkey.hincrby(key, product, quantity) > MAX_QUANTITY:
        valkey.hset(key, product, MAX_QUANTITY)
    valkey.expire(key, KEPT)
    return True


def _read(found: dict[bytes, bytes]) -> dict[str, int]:
    return {product.decode(): int(found[product]) for product in sorted(found)}


def _key(cart: str) -> str:
    return f"cart:{cart}"
