"""Who is looking: the account that is signed in, and the cart that is theirs."""

import secrets

from flask import g, session

from storefront import neighbours
from storefront.neighbours import Json


def account() -> Json | None:
    """Return the account that is signed in; `None` for a guest."""
    if "account" not in g:
        g.account = _account()
    return g.account  # type: ignore[no-any-return]


def cart_count() -> int:
    """Return how many pieces are in the cart."""
    found = cart()
    return found["count"] if found else 0


def cart() -> Json | None:
    """Return the visitor's cart; `None` without one, or while carts are away."""
    number = cart_id()
    if number is None:
        return None
    if "cart" not in g:
        g.cart = neighbours.without("cart", lambda: neighbours.cart(number))
    return g.cart  # type: ignore[no-any-return]


def cart_id() -> str | None:
    """Return whose cart it is: the account's, or one that this browser holds."""
    if "account" in session:
        return f"account-{session['account']['id']}"
    return session.get("cart")


def own_cart_id() -> str:
    """Return `cart_id`, which this makes if there is none."""
    if cart_id() is None:
        session["cart"] = f"guest-{secrets.token_urlsafe(16)}"
        session.permanent = True
    return cart_id() or ""


def sign_in(account: Json) -> None:
    """Make `account` the visitor's, and take the guest's cart along."""
    guest = session.get("cart")
    session.clear()
    session["account"] = {"id": account["id"], "name": account["name"]}
    session.permanent = True
    if guest:
        neighbours.without("cart", lambda: neighbours.merge(own_cart_id(), guest))


def sign_out() -> None:
    """Forget who is looking."""
    session.clear()


def _account() -> Json | None:
    kept = session.get("account")
    if kept is None:
        return None
    found = neighbours.without("accounts", lambda: neighbours.account(kept["id"]))
    if found is None and "accounts" not in neighbours.away():
        # The account was removed since.
        sign_out()
        return None
    return found or kept
