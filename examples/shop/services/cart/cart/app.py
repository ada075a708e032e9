"""The pages at `/cart`, and the fragment that is on every page of the site."""

import secrets
from typing import Any

from flask import (
    Flask,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from cart import store
from glassware import services, visitor


app = Flask(__name__, static_folder=None)
CSRFProtect(app)


@app.before_request
def take_along() -> None:
    """Let whoever signs in keep what a guest had put aside."""
    if "guest" in session and visitor:
        store.merge(whose(), session.pop("guest"))


@app.get("/")
def show() -> ResponseReturnValue:
    """Show what is in the cart and what it comes to."""
    quantities = store.items(whose())
    found = products(*quantities)
    lines = [(found[slug], quantities[slug]) for slug in quantities if slug in found]
    total = sum(product["price"] * quantity for product, quantity in lines)
    return render_template("cart.html", lines=lines, total=total)


@app.get("/mini")
def mini() -> ResponseReturnValue:
    """Show how many pieces there are: a fragment, for the navigation."""
    count = sum(store.items(whose()).values())
    return render_template("mini.html", count=count) if count else ("", 204)


@app.post("/add")
def add() -> ResponseReturnValue:
    """Put a product into the cart, and go back to its page."""
    slug = request.form.get("product", "")
    product = products(slug).get(slug) or abort(404)
    if product["stock"] == 0:
        flash(f"{product['name']} is sold out in this colour.", "error")
    elif store.add(whose(is_new=True), slug, quantity(least=1)):
        flash(f"{product['name']} is in your cart.", "cart")
    else:
        flash(f"Your cart is full: it holds {store.MAX_PRODUCTS} pieces.", "error")
    return redirect(url_for("storefront.product", slug=slug), 303)


@app.post("/change")
def change() -> ResponseReturnValue:
    """Set the quantity of a product in the cart; 0 takes it out."""
    wanted = 0 if "remove" in request.form else quantity(least=0)
    store.change(whose(), request.form.get("product", ""), wanted)
    return redirect(url_for("show"), 303)


@app.post("/order")
def order() -> ResponseReturnValue:
    """Take the order: in this example, by emptying the cart."""
    if not store.items(whose()):
        return redirect(url_for("show"), 303)
    store.empty(whose())
    return redirect(url_for("thanks"), 303)


@app.get("/thanks")
def thanks() -> ResponseReturnValue:
    """Say thank you."""
    return render_template("thanks.html")


@app.get("/popular")
def popular() -> ResponseReturnValue:
    """Tell neighbours what most often went into carts."""
    return {"products": store.popular(12)}


def whose(*, is_new: bool = False) -> str:
    """Return whose cart it is: the account's, or one that this browser holds.

    Args:
        is_new: Begin one for a guest who has none.
    """
    if visitor:
        return f"account-{visitor.id}"
    if is_new and "guest" not in session:
        session["guest"] = f"guest-{secrets.token_urlsafe(16)}"
        session.permanent = True
    return session.get("guest", "")


def products(*slugs: str) -> dict[str, Any]:
    """Return the products of these slugs, as far as they exist."""
    if not slugs:
        return {}
    params = [("size", "100"), *(("slug", slug) for slug in slugs)]
    answer = services.catalog.get("/products", params=params).raise_for_status()
    return {item["slug"]: item for item in answer.json()["items"]}


def quantity(*, least: int) -> int:
    """Return the quantity of a form."""
    number = request.form.get("quantity", 1, type=int)
    return number if least <= number <= store.MAX_QUANTITY else abort(400)
