"""The cart."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import CallError
from storefront import guards, neighbours, visitor


MAX_QUANTITY = 99
AWAY = "The cart cannot be reached right now. Nothing was changed; please try again."

pages = Blueprint("cart", __name__, url_prefix="/cart")


@pages.get("")
def show() -> ResponseReturnValue:
    """Show what is in the cart and what it comes to."""
    cart = visitor.cart()
    quantities = {
        item["product"]: item["quantity"] for item in (cart["items"] if cart else [])
    }
    lines = [
        {
            "product": product,
            "quantity": quantities[product["slug"]],
            "price": quantities[product["slug"]] * product["price"],
        }
        for product in neighbours.products(quantities)
    ]
    return render_template(
        "cart.html", lines=lines, total=sum(line["price"] for line in lines)
    )


@pages.post("/add")
def add() -> ResponseReturnValue:
    """Put a product into the cart, and go back to its page."""
    product = neighbours.product(request.form.get("product", ""))
    if product is None:
        abort(404)
    if product["stock"] == 0:
        flash(f"{product['name']} is sold out in this colour.", "error")
    elif neighbours.add(visitor.own_cart_id(), product["slug"], _quantity(least=1)):
        flash(f"{product['name']} is in your cart.", "cart")
    else:
        flash("Your cart is full: it holds 60 different pieces.", "error")
    return redirect(url_for("shop.product", slug=product["slug"]), 303)


@pages.post("/change")
def change() -> ResponseReturnValue:
    """Set the quantity of a product in the cart; 0 takes it out."""
    quantity = 0 if "remove" in request.form else _quantity(least=0)
    if cart_id := visitor.cart_id():
        neighbours.change(cart_id, request.form.get("product", ""), quantity)
    return redirect(url_for(".show"), 303)


@pages.post("/order")
def order() -> ResponseReturnValue:
    """Take the order: in this example, by emptying the cart."""
    cart = visitor.cart()
    cart_id = visitor.cart_id()
    if not cart or not cart["count"] or cart_id is None:
        return redirect(url_for(".show"), 303)
    neighbours.empty(cart_id)
    return redirect(url_for(".thanks"), 303)


@pages.get("/thanks")
def thanks() -> ResponseReturnValue:
    """Say thank you."""
    return render_template("thanks.html")


@pages.errorhandler(CallError)
def away(error: CallError) -> ResponseReturnValue:
    """Lead back to the page from which a change came to nothing."""
    if request.method != "POST":
        return guards.catalog_away(error)
    flash(AWAY, "error")
    slug = request.form.get("product", "")
    if request.endpoint == "cart.add" and slug:
        return redirect(url_for("shop.product", slug=slug), 303)
    return redirect(url_for(".show"), 303)


def _quantity(*, least: int) -> int:
    number = request.form.get("quantity", 1, type=int)
    if not least <= number <= MAX_QUANTITY:
        abort(400, f"A quantity is a number from {least} to {MAX_QUANTITY}.")
    return number
