"""The accounts on their own, with a real PostgreSQL."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from accounts import store
from accounts.migrate import migrate

from glassware import databases
from glassware.testing import Fake, Service, Services, SiteDatabases


@pytest.fixture
def accounts(
    service: Services, fake: Callable[[str], Fake], site_databases: SiteDatabases
) -> Service:
    """Return the service; around its pages nobody has a cart."""
    fake("cart").get("/mini", status=204)
    return service("accounts")


@pytest.fixture
def ada() -> dict[str, str]:
    """Return what somebody new fills in."""
    return {
        "email": f"ada-{uuid4()}@example.org",
        "name": "Ada",
        "password": "analytical engine",
    }


def register(accounts: Service, form: dict[str, Any]) -> Any:
    """Register somebody who is then signed in."""
    return accounts.client.post("/register", data=form)


def test_registering_signs_in(accounts: Service, ada: dict[str, str]) -> None:
    """Nobody types a new password twice; the account's page is the visitor's own."""
    before = store.count()
    assert register(accounts, ada).location == "/"
    assert ada["email"] in accounts.client.get("/").text
    assert store.count() == before + 1


def test_passwords_are_kept_as_scrypt_hashes(
    accounts: Service, ada: dict[str, str]
) -> None:
    """Whoever reads the database learns no password."""
    register(accounts, ada)
    kept = store.by_email(ada["email"])
    assert kept is not None
    assert kept.password_hash.startswith("scrypt:")
    assert ada["password"] not in repr(kept) + kept.password_hash


@pytest.mark.parametrize(
    ("target", "location"),
    [("/cart/", "/cart/"), ("https://elsewhere.example/", "/"), ("", "/")],
)
def test_the_right_password_signs_in(
    accounts: Service, ada: dict[str, str], target: str, location: str
) -> None:
    """The address in any spelling; the way goes back, and never elsewhere."""
    register(accounts, ada)
    form = ada | {"email": f" {ada['email'].upper()} "}
    accounts.client.post("/sign-out")
    answer = accounts.client.post(
        "/sign-in", data=form, query_string={"next": target} if target else {}
    )
    assert answer.location == location
    assert accounts.client.get("/").status_code == 200


def test_a_wrong_password_and_a_wrong_address_look_the_same(
    accounts: Service, ada: dict[str, str]
) -> None:
    """Signing in does not tell who has an account, and keeps no password."""
    register(accounts, ada)
    pages = [
        accounts.client.post("/sign-in", data=ada | change)
        for change in ({"password": "difference engine"}, {"email": "bob@example.org"})
    ]
    assert [page.status_code for page in pages] == [422, 422]
    for page in pages:
        assert "do not belong together" in page.text
        assert "engine" not in page.text


def test_an_unknown_address_costs_a_password_check_too(
    accounts: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time it takes does not tell who has an account."""
    checked = []
    monkeypatch.setattr(
        "accounts.app.check_password_hash", lambda *given: checked.append(given)
    )
    nobody = {"email": "nobody@example.org", "password": "whatever it is"}
    assert accounts.client.post("/sign-in", data=nobody).status_code == 422
    assert len(checked) == 1


def test_signing_out(accounts: Service, ada: dict[str, str]) -> None:
    """Here, or in every browser."""
    register(accounts, ada)
    other = accounts.app.test_client()
    other.post("/sign-in", data=ada)
    accounts.client.post("/sign-out")
    assert accounts.client.get("/").status_code == 302
    assert other.get("/").status_code == 200
    accounts.client.post("/sign-in", data=ada)
    accounts.client.post("/sign-out", data={"everywhere": 1})
    assert other.get("/").status_code == 302


def test_an_address_registers_once(accounts: Service, ada: dict[str, str]) -> None:
    """In any spelling; the mistake is tied to its field for screen readers."""
    register(accounts, ada)
    answer = register(accounts, ada | {"email": ada["email"].upper()})
    assert answer.status_code == 422
    assert 'id="email-error">There is an account' in answer.text
    assert "email-error" in answer.text.partition('id="email"')[2].partition(">")[0]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"email": "ada"}, {"email"}),
        ({"email": "a da@example.org"}, {"email"}),
        ({"email": "", "name": " "}, {"email", "name"}),
        ({"name": "A" * 201}, {"name"}),
        ({"name": "A\0"}, {"name"}),
        ({"password": "short"}, {"password"}),
    ],
)
def test_every_mistake_is_named_at_once(
    accounts: Service, ada: dict[str, str], change: dict[str, str], wrong: set[str]
) -> None:
    """Each beside its field."""
    answer = register(accounts, ada | change)
    assert answer.status_code == 422
    fields = ("email", "name", "password")
    shown = {name for name in fields if f'id="{name}-error"' in answer.text}
    assert shown == wrong


def test_a_role_is_granted_and_known_from_then_on(
    accounts: Service, ada: dict[str, str]
) -> None:
    """When who has it signs in, or at the next renewal."""
    register(accounts, ada)
    command = [sys.executable, "-m", "accounts.grant", ada["email"].upper(), "admin"]
    for _ in range(2):
        subprocess.run(command, env=accounts.environment, check=True)
    account = store.by_email(ada["email"])
    assert account is not None
    assert account.roles == ["admin"]
    assert not store.grant("nobody@example.org", "admin")


def test_the_invitation_counts(accounts: Service, ada: dict[str, str]) -> None:
    """It is a piece of a page of the storefront."""
    register(accounts, ada)
    assert "Open an account" in accounts.client.get("/invitation").text


def test_migrations_run_once(accounts: Service) -> None:
    """The site has run them before the tests."""
    with databases.main.connection() as connection:
        assert migrate(connection) == []
