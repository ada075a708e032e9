"""The JSON interface."""

from typing import Any

from flask import Blueprint, abort, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from catalog.models import Category, Colour, Product
from catalog.search import BadSearch, Search


api = Blueprint("api", __name__)


@api.get("/")
def index() -> ResponseReturnValue:
    """Say where things are."""
    return {
        "products": url_for(".products", _external=True),
        "categories": url_for(".categories", _external=True),
        "colours": url_for(".colours", _external=True),
    }


@api.get("/products")
def products() -> ResponseReturnValue:
    """Search the range: `q category colour slug featured order page size`."""
    search = Search.parse(request.args)
    with _session() as session:
        items, total = search.run(session)
        return {
            "items": [_product(item) for item in items],
            "total": total,
            "page": search.page,
            "pages": max(1, -(-total // search.size)),
        }


@api.get("/products/<slug>")
def product(slug: str) -> ResponseReturnValue:
    """Return one product, with its siblings: the same design in other colours."""
    if "\0" in slug:
        abort(404)
    with _session() as session:
        query = select(Product).options(
            joinedload(Product.category), joinedload(Product.colour)
        )
        found = session.scalar(query.where(Product.slug == slug))
        if found is None:
            abort(404)
        siblings = session.scalars(
            query.where(Product.name == found.name).order_by(Product.id)
        )
        return _product(found) | {"siblings": [_product(item) for item in siblings]}


@api.get("/categories")
def categories() -> ResponseReturnValue:
    """Return every category with the number of its products and one of them."""
    count = func.count(Product.id)
    # The last product of a category stands for it in pictures.
    last = func.max(Product.id)
    with _session() as session:
        rows = session.execute(
            select(Category, count, last)
            .join(Product, Product.category_id == Category.id)
            .group_by(Category.id)
            .order_by(Category.id)
        ).all()
        query = select(Product).where(Product.id.in_([row[2] for row in rows]))
        examples = {item.id: item for item in session.scalars(query)}
        return jsonify(
            [
                {
                    "slug": category.slug,
                    "name": category.name,
                    "blurb": category.blurb,
                    "count": total,
                    "picture": _picture(examples[example]),
                }
                for category, total, example in rows
            ]
        )


@api.get("/colours")
def colours() -> ResponseReturnValue:
    """Return every colour of glass."""
    with _session() as session:
        found = session.scalars(select(Colour).order_by(Colour.id))
        return jsonify([_colour(colour) for colour in found])


@api.errorhandler(BadSearch)
def bad_search(error: BadSearch) -> ResponseReturnValue:
    """Say what is wrong with a query string."""
    return {"error": str(error)}, 400


@api.app_errorhandler(404)
def not_found(error: Exception) -> ResponseReturnValue:
    """Answer in JSON here too."""
    return {"error": "not found"}, 404


def _session() -> Session:
    return current_app.extensions["session"]()  # type: ignore[no-any-return]


def _product(product: Product) -> dict[str, Any]:
    return {
        "slug": product.slug,
        "name": product.name,
        "category": {"slug": product.category.slug, "name": product.category.name},
        "colour": _colour(product.colour),
        "description": product.description,
        "price": product.price,
        "currency": "EUR",
        "stock": product.stock,
        "height": product.height,
        "width": product.width,
        "picture": _picture(product),
    }


def _colour(colour: Colour) -> dict[str, Any]:
    return {"slug": colour.slug, "name": colour.name, "glass": colour.glass}


def _picture(product: Product) -> dict[str, Any]:
    size = {"height": product.height, "width": product.width}
    return {"glass": product.colour.glass, **size, **product.drawing}
