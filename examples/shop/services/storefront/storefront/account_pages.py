"""Registering, signing in and signing out."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from glassware import CallError
from storefront import neighbours, visitor


AWAY = "Accounts cannot be reached right now. Please try again in a moment."

pages = Blueprint("account", __name__)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for address and password."""
    if request.method == "GET":
        return render_template("sign_in.html", errors={})
    try:
        account = neighbours.verify(_field("email"), request.form.get("password", ""))
    except CallError:
        return render_template("sign_in.html", errors={"form": AWAY}), 503
    if account is None:
        error = "That address and password do not belong together."
        return render_template("sign_in.html", errors={"form": error}), 422
    visitor.sign_in(account)
    flash(f"Welcome back, {account['name']}.", "note")
    return redirect(_next(), 303)


@pages.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Ask for what it takes to open an account."""
    if request.method == "GET":
        return render_template("register.html", errors={})
    try:
        account, errors = neighbours.register(
            email=_field("email"),
            name=_field("name"),
            password=request.form.get("password", ""),
        )
    except CallError:
        return render_template("register.html", errors={"form": AWAY}), 503
    if account is None:
        return render_template("register.html", errors=errors), 422
    visitor.sign_in(account)
    flash(f"Welcome, {account['name']}.", "note")
    return redirect(_next(), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget who is looking."""
    visitor.sign_out()
    flash("You are signed out.", "note")
    return redirect(url_for("shop.home"), 303)


def _field(name: str) -> str:
    return request.form.get(name, "").strip()


def _next() -> str:
    """Return where the visitor came from, if that is a page of this site."""
    target = request.form.get("next", "")
    parts = urlsplit(target.replace("\\", "/"))
    if target.startswith("/") and not parts.scheme and not parts.netloc:
        return target
    return url_for("shop.home")
