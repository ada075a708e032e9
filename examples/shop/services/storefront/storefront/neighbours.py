"""What the pages ask of neighbours.

One that cannot be reached raises `glassware.CallError`, and the page is the site's
page for that; what a page can do without is a fragment.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import abort

from glassware import services


Json = dict[str, Any]


def search(**params: str | int | None) -> Json:
    """Return one page of a search."""
    return services.catalog.get("/products", params=params).raise_for_status().json()


def categories() -> list[Json]:
    """Return the categories."""
    return services.catalog.get("/categories").raise_for_status().json()


def colours() -> list[Json]:
    """Return the colours of glass."""
    return services.catalog.get("/colours").raise_for_status().json()


def product(slug: str) -> Json:
    """Return a product with its siblings; without one the page is a 404."""
    answer = services.catalog.get(f"/products/{quote(slug, safe='')}")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        abort(404)
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


def popular() -> list[str]:
    """Return the slugs that most often went into a cart."""
    return services.cart.get("/popular").raise_for_status().json()["products"]
