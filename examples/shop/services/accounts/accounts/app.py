"""The pages at `/account`."""

from typing import Any

from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from accounts import store
from accounts.registration import normal, parse
from accounts.store import Account, EmailTaken
from glassware import identity, login_required, visitor


# Checked when nobody has the address, so that this takes just as long.
DECOY = f"scrypt:32768:8:1${'0' * 16}${'0' * 128}"

app = Flask(__name__, static_folder=None)


@app.get("/")
@login_required
def home() -> ResponseReturnValue:
    """Show the visitor's own account."""
    return render_template("account.html", account=store.by_id(int(visitor.id)))


@app.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for address and password."""
    if request.method == "GET":
        return render_template("sign_in.html", errors={})
    account = store.by_email(normal(request.form.get("email", "")))
    password = request.form.get("password", "")
    right = check_password_hash(account.password_hash if account else DECOY, password)
    if account is None or not right:
        error = "That address and password do not belong together."
        return render_template("sign_in.html", errors={"form": error}), 422
    return welcome(account, f"Welcome back, {account.name}.")


@app.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Ask for what it takes to open an account."""
    if request.method == "GET":
        return render_template("register.html", errors={})
    registration, errors = parse(request.form)
    if registration is None:
        return render_template("register.html", errors=errors), 422
    hashed = generate_password_hash(registration.password, method="scrypt")
    try:
        account = store.add(registration.email, registration.name, hashed)
    except EmailTaken:
        errors = {"email": "There is an account with this address."}
        return render_template("register.html", errors=errors), 422
    return welcome(account, f"Welcome, {account.name}.")


@app.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign this browser out, or all of the visitor's."""
    if "everywhere" in request.form:
        identity.sign_out_everywhere()
    identity.sign_out()
    flash("You are signed out.")
    return redirect(url_for("storefront.home"), 303)


@app.get("/invitation")
def invitation() -> ResponseReturnValue:
    """Say how many have an account: a fragment, for who has none."""
    return render_template("invitation.html", count=store.count())


@identity.on_renew
def renew(user_id: str) -> dict[str, Any] | None:
    """Say who a visitor is by now; an account that was removed is nobody's."""
    account = store.by_id(int(user_id))
    return account and about(account)


def welcome(account: Account, greeting: str) -> ResponseReturnValue:
    """Sign somebody in, and lead back to where they were."""
    identity.sign_in(account.id, **about(account))
    flash(greeting)
    return redirect(identity.next_url(url_for("storefront.home")), 303)


def about(account: Account) -> dict[str, Any]:
    """Return what every service is to know of a visitor."""
    return {"name": account.name, "roles": account.roles}
