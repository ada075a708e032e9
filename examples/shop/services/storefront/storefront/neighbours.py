"""Every call to a neighbour, and what a page does when one is away.

A neighbour that cannot be reached, or that answers with an error, raises
`glassware.CallError`; a page that can do without it asks through `without`.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from flask import current_app, g

from glassware import CallError, services


T = TypeVar("T")
Json = dict[str, Any]

# Pages do not wait long for what they can do without.
PATIENCE = 2.0


def away() -> set[str]:
    """Return the neighbours that this page does without."""
    if "away" not in g:
        g.away = set()
    return g.away  # type: ignore[no-any-return]


def without(neighbour: str, ask: Callable[[], T]) -> T | None:
    """Return what `ask` returns; if it has no answer, `None`, and the page notes it."""
    if neighbour in away():
        return None
    try:
        return ask()
    except CallError as error:
        current_app.logger.warning("a page does without `%s`: %s", neighbour, error)
        away().add(neighbour)
        return None


# The catalog.


def search(**params: str | int | None) -> Json:
    """Return one page of a search."""
    return services.catalog.get("/products", params=params).raise_for_status().json()


def categories() -> list[Json]:
    """Return the categories."""
    return services.catalog.get("/categories").raise_for_status().json()


def colours() -> list[Json]:
    """Return the colours of glass."""
    return services.catalog.get("/colours").raise_for_status().json()


def product(slug: str) -> Json | None:
    """Return a product with its siblings, or `None`."""
    answer = services.catalog.get(f"/products/{quote(slug, safe='')}")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    return answer.raise_for_status().json()


def products(slugs: Iterable[str]) -> list[Json]:
    """Return the products of these slugs, in their order, as far as they exist."""
    wanted = list(slugs)
    if not wanted:
        return []
    params = [("size", "100"), *(("slug", slug) for slug in wanted)]
    answer = services.catalog.get("/products", params=params)
    found = {item["slug"]: item for item in answer.raise_for_status().json()["items"]}
    return [found[slug] for slug in wanted if slug in found]


# The cart.


def cart(cart_id: str) -> Json:
    """Return what is in a cart."""
    answer = services.cart.get(f"/carts/{cart_id}", timeout=PATIENCE)
    return answer.raise_for_status().json()


def add(cart_id: str, slug: str, quantity: int) -> bool:
    """Put a product into a cart; tell whether it had room."""
    item = {"product": slug, "quantity": quantity}
    answer = services.cart.post(f"/carts/{cart_id}/items", json=item)
    if answer.status_code == HTTPStatus.CONFLICT:
        return False
    return answer.raise_for_status().ok


def change(cart_id: str, slug: str, quantity: int) -> None:
    """Set the quantity of a product in a cart; 0 takes it out."""
    path = f"/carts/{cart_id}/items/{quote(slug, safe='')}"
    services.cart.put(path, json={"quantity": quantity}).raise_for_status()


def empty(cart_id: str) -> None:
    """Take everything out of a cart."""
    services.cart.delete(f"/carts/{cart_id}").raise_for_status()


def merge(cart_id: str, other: str) -> None:
    """Move what is in the `other` cart into this one."""
    answer = services.cart.post(f"/carts/{cart_id}/merge", json={"from": other})
    answer.raise_for_status()


def popular() -> list[str]:
    """Return the slugs that most often went into a cart."""
    answer = services.cart.get("/popular", timeout=PATIENCE)
    return answer.raise_for_status().json()["products"]


# The reviews.


def reviews(design: str) -> Json:
    """Return what is said about a design."""
    path = f"/designs/{quote(design, safe='')}"
    return services.reviews.get(path).raise_for_status().json()


def review(design: str, **fields: str | int) -> bool:
    """Add a review; tell whether it is one."""
    path = f"/designs/{quote(design, safe='')}"
    answer = services.reviews.post(path, json=fields)
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        return False
    return answer.raise_for_status().ok


# The accounts.


def account(number: int) -> Json | None:
    """Return an account, or `None` where there is none (any more)."""
    answer = services.accounts.get(f"/accounts/{number}", timeout=PATIENCE)
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    return answer.raise_for_status().json()


def account_count() -> int:
    """Return how many accounts there are."""
    answer = services.accounts.get("/accounts", timeout=PATIENCE)
    return answer.raise_for_status().json()["count"]


def verify(email: str, password: str) -> Json | None:
    """Return the account of an address and its password, or `None`."""
    body = {"email": email, "password": password}
    answer = services.accounts.post("/accounts/verify", json=body)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        return None
    return answer.raise_for_status().json()


def register(**fields: str) -> tuple[Json | None, dict[str, str]]:
    """Make an account; return it, or what is wrong by field."""
    answer = services.accounts.post("/accounts", json=fields)
    if answer.status_code in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT}:
        return None, answer.json()["errors"]
    return answer.raise_for_status().json(), {}
