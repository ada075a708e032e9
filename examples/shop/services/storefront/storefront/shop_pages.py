"""The pages that show what there is."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from glassware import gather
from storefront import neighbours, visitor


POPULAR = 4
RELATED = 4

pages = Blueprint("shop", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    """Show the sill, the categories and what others took home."""
    is_known = visitor.account() is not None
    featured, categories, popular, account_count = gather(
        lambda: neighbours.search(featured=1)["items"],
        neighbours.categories,
        lambda: neighbours.products(
            neighbours.without("cart", neighbours.popular) or []
        ),
        lambda: (
            None
            if is_known
            else neighbours.without("accounts", neighbours.account_count)
        ),
    )
    return render_template(
        "home.html",
        featured=featured,
        categories=categories,
        popular=popular[:POPULAR],
        account_count=account_count,
    )


@pages.get("/shop")
def browse() -> ResponseReturnValue:
    """Search the range, page by page."""
    filters = {
        key: request.args[key].strip()
        for key in ("q", "category", "colour", "order")
        if request.args.get(key, "").strip()
    }
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= 1000 or "\0" in "".join(filters.values()):
        abort(404)
    if filters.get("order") not in {None, "name", "price", "-price"}:
        del filters["order"]
    found, categories, colours = gather(
        lambda: neighbours.search(**filters, page=page),
        neighbours.categories,
        neighbours.colours,
    )
    if page > found["pages"]:
        abort(404)
    return render_template(
        "browse.html",
        found=found,
        filters=filters,
        categories=categories,
        colours=colours,
    )


@pages.get("/product/<slug>")
def product(slug: str) -> ResponseReturnValue:
    """Show one product."""
    found = neighbours.product(slug)
    if found is None:
        abort(404)
    colour = found["colour"]["slug"]
    others = neighbours.search(colour=colour, size=2 * RELATED)["items"]
    related = [item for item in others if item["name"] != found["name"]]
    return render_template("product.html", product=found, related=related[:RELATED])
