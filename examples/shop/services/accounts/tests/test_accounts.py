"""The accounts on their own."""

from typing import Any
from uuid import uuid4

import pytest
from accounts import create_app
from accounts.store import Store
from flask.testing import FlaskClient


@pytest.fixture
def client(store: Store) -> FlaskClient:
    """Return a client of the application with that store."""
    return create_app(store).test_client()


@pytest.fixture
def ada() -> dict[str, Any]:
    """Return what somebody new fills in."""
    return {
        "email": f"ada-{uuid4()}@example.org",
        "name": "Ada",
        "password": "analytical engine",
    }


def test_registering_makes_an_account(client: FlaskClient, ada: dict[str, Any]) -> None:
    """It can be fetched by its number, and never shows the password or its hash."""
    before = client.get("/accounts").json["count"]
    answer = client.post("/accounts", json=ada)
    assert answer.status_code == 201
    account = client.get(f"/accounts/{answer.json['id']}").json
    assert account == answer.json
    assert account.keys() == {"id", "email", "name"}
    assert client.get("/accounts").json["count"] == before + 1


def test_passwords_are_kept_as_scrypt_hashes(
    client: FlaskClient, store: Store, ada: dict[str, Any]
) -> None:
    """Whoever reads the database learns no password."""
    client.post("/accounts", json=ada)
    kept = store.by_email(ada["email"])
    assert kept is not None
    assert kept.password_hash.startswith("scrypt:")
    assert ada["password"] not in repr(kept) + kept.password_hash


def test_the_right_password_is_verified(
    client: FlaskClient, ada: dict[str, Any]
) -> None:
    """The address may be written in capitals and with blanks around it."""
    account = client.post("/accounts", json=ada).json
    sign_in = {"email": f" {ada['email'].upper()} ", "password": ada["password"]}
    answer = client.post("/accounts/verify", json=sign_in)
    assert (answer.status_code, answer.json) == (200, account)


def test_a_wrong_password_and_a_wrong_address_look_the_same(
    client: FlaskClient, ada: dict[str, Any]
) -> None:
    """Signing in does not tell who has an account."""
    client.post("/accounts", json=ada)
    answers = [
        client.post("/accounts/verify", json=ada | change)
        for change in ({"password": "difference engine"}, {"email": "bob@example.org"})
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json == answers[1].json


def test_an_unknown_address_costs_a_password_check_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time it takes does not tell who has an account."""
    checked = []
    monkeypatch.setattr(
        "accounts.views.check_password_hash",
        lambda *given: checked.append(given) or True,
    )
    nobody = {"email": "nobody@example.org", "password": "whatever it is"}
    assert client.post("/accounts/verify", json=nobody).status_code == 401
    assert len(checked) == 1


def test_an_address_registers_once(client: FlaskClient, ada: dict[str, Any]) -> None:
    """In any spelling."""
    client.post("/accounts", json=ada)
    answer = client.post("/accounts", json=ada | {"email": ada["email"].upper()})
    assert answer.status_code == 409
    assert answer.json["errors"].keys() == {"email"}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"email": "ada"}, {"email"}),
        ({"email": "a da@example.org"}, {"email"}),
        ({"email": None, "name": " "}, {"email", "name"}),
        ({"name": "A" * 201}, {"name"}),
        ({"name": "A\0"}, {"name"}),
        ({"password": "short"}, {"password"}),
        ({"password": 1234567890}, {"password"}),
    ],
)
def test_every_mistake_is_named_at_once(
    client: FlaskClient, ada: dict[str, Any], change: dict[str, Any], wrong: set[str]
) -> None:
    """A form can show each beside its field."""
    answer = client.post("/accounts", json=ada | change)
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == wrong


def test_an_unknown_number_is_a_404_in_json(client: FlaskClient) -> None:
    """Also one that no database would take."""
    for number in (2**40, 2**80):
        answer = client.get(f"/accounts/{number}")
        assert answer.status_code == 404
        assert "error" in answer.json


def test_what_is_no_object_is_refused(client: FlaskClient) -> None:
    """With a sentence, not a traceback."""
    for path in ("/accounts", "/accounts/verify"):
        answer = client.post(path, json=["ada"])
        assert (answer.status_code, answer.json) == (
            400,
            {"error": "the body must be an object"},
        )
