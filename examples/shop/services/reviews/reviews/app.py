"""A fragment for the pages of products, and the form in it."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from flask import Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import login_required, services, visitor
from reviews import store


MAX_TEXT = 1000

app = Flask(__name__, static_folder=None)


@app.get("/<slug>")
def of_product(slug: str) -> ResponseReturnValue:
    """Show what is said about a product, the newest first: a fragment."""
    said = store.of(design(slug))
    count = said.get("count", 0)
    mean = round(said["stars"] / count, 1) if count else None
    return render_template(
        "reviews.html",
        slug=slug,
        count=count,
        mean=mean,
        reviews=said.get("reviews", []),
        longest=MAX_TEXT,
    )


@app.post("/<slug>")
@login_required
def add(slug: str) -> ResponseReturnValue:
    """Take what a visitor thinks, and go back to the product."""
    stars = request.form.get("stars", 0, type=int)
    text = request.form.get("text", "").strip()
    if 1 <= stars <= 5 and 0 < len(text) <= MAX_TEXT:
        review = {
            "name": visitor.claims["name"],
            "stars": stars,
            "text": text,
            "day": datetime.now(UTC).date().isoformat(),
        }
        store.add(design(slug), review)
        flash("Thank you. Others will read that.")
    else:
        flash("A review has one to five stars, and some words.", "error")
    return redirect(url_for("storefront.product", slug=slug), 303)


def design(slug: str) -> str:
    """Return the design of a product, which is the same in all colours."""
    answer = services.catalog.get(f"/products/{quote(slug, safe='')}")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        abort(404)
    return answer.raise_for_status().json()["name"]
