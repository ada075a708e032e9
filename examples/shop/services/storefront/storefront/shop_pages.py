"""The pages that show what there is."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import CallError, gather
from storefront import neighbours, visitor


POPULAR = 4
RELATED = 4

AWAY = "Reviews cannot be taken right now. Please try again in a moment."
NO_REVIEW = "A review has one to five stars, and some words."

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
    others, reviews = gather(
        lambda: neighbours.search(colour=colour, size=2 * RELATED)["items"],
        lambda: neighbours.without(
            "reviews", lambda: neighbours.reviews(found["name"])
        ),
    )
    related = [item for item in others if item["name"] != found["name"]]
    return render_template(
        "product.html", product=found, related=related[:RELATED], reviews=reviews
    )


@pages.post("/product/<slug>/review")
def review(slug: str) -> ResponseReturnValue:
    """Take what a customer thinks of a product, in whichever colour."""
    account, found = visitor.account(), neighbours.product(slug)
    if account is None:
        abort(403)
    if found is None:
        abort(404)
    stars = request.form.get("stars", 0, type=int)
    text = request.form.get("text", "")
    try:
        if neighbours.review(
            found["name"], name=account["name"], stars=stars, text=text
        ):
            flash("Thank you. Others will read that.", "note")
        else:
            flash(NO_REVIEW, "error")
    except CallError:
        flash(AWAY, "error")
    return redirect(url_for(".product", slug=slug), 303)
