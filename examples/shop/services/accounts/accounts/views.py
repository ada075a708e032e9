"""The JSON interface."""

from typing import Any

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from accounts.registration import normal, parse
from accounts.store import Account, EmailTaken, Store


# Checked when nobody has the address, so that this takes just as long.
DECOY = f"scrypt:32768:8:1${'0' * 16}${'0' * 128}"

MAX_ID = 2**63 - 1

api = Blueprint("api", __name__)


@api.get("/accounts")
def accounts() -> ResponseReturnValue:
    """Return how many accounts there are."""
    return {"count": _store().count()}


@api.post("/accounts")
def register() -> ResponseReturnValue:
    """Make an account of `{"email": …, "name": …, "password": …}`."""
    registration, errors = parse(_body())
    if registration is None:
        return {"errors": errors}, 422
    try:
        account = _store().add(
            registration.email,
            registration.name,
            generate_password_hash(registration.password, method="scrypt"),
        )
    except EmailTaken:
        return {"errors": {"email": "There is an account with this address."}}, 409
    return _public(account), 201


@api.get("/accounts/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Return an account, without anything secret."""
    account = _store().by_id(number) if number <= MAX_ID else None
    if account is None:
        abort(404)
    return _public(account)


@api.post("/accounts/verify")
def verify() -> ResponseReturnValue:
    """Return the account of `{"email": …, "password": …}`, or 401."""
    body = _body()
    email, password = body.get("email"), body.get("password")
    if not (isinstance(email, str) and isinstance(password, str)):
        abort(400, "`email` and `password` must be text")
    account = _store().by_email(normal(email))
    right = check_password_hash(account.password_hash if account else DECOY, password)
    if account is None or not right:
        abort(401, "no account has this address and password")
    return _public(account)


def _public(account: Account) -> dict[str, Any]:
    return {"id": account.id, "email": account.email, "name": account.name}


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "the body must be an object")
    return body


def _store() -> Store:
    return current_app.extensions["store"]  # type: ignore[no-any-return]
