"""The cart on its own, with a real Valkey."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from cart import create_app, store
from flask.testing import FlaskClient
from redis import Redis


@pytest.fixture
def cart() -> str:
    """Return the address of a cart that nobody has used."""
    return f"/carts/test-{uuid4()}"


def test_an_unknown_cart_is_empty(client: FlaskClient, cart: str) -> None:
    """Nobody has to open one first."""
    assert client.get(cart).json == {"items": [], "count": 0}


def test_adding_twice_adds_up(client: FlaskClient, cart: str) -> None:
    """The same product stays one line."""
    client.post(f"{cart}/items", json={"product": "heron-rose"})
    answer = client.post(f"{cart}/items", json={"product": "heron-rose", "quantity": 2})
    assert answer.json == {
        "items": [{"product": "heron-rose", "quantity": 3}],
        "count": 3,
    }
    assert client.get(cart).json == answer.json


def test_nobody_gets_more_than_a_cart_holds(client: FlaskClient, cart: str) -> None:
    """Quantities stop at 99, products at 60."""
    for _ in range(2):
        item = {"product": "item-0", "quantity": 60}
        answer = client.post(f"{cart}/items", json=item)
    assert answer.json["count"] == 99
    for number in range(1, 60):
        client.post(f"{cart}/items", json={"product": f"item-{number}"})
    assert client.post(f"{cart}/items", json={"product": "more"}).status_code == 409
    assert client.post(f"{cart}/items", json={"product": "item-1"}).status_code == 200


def test_a_quantity_can_be_changed(client: FlaskClient, cart: str) -> None:
    """Zero takes the product out; what is not in the cart stays out."""
    client.post(f"{cart}/items", json={"product": "a", "quantity": 5})
    assert client.put(f"{cart}/items/a", json={"quantity": 2}).json["count"] == 2
    assert client.put(f"{cart}/items/b", json={"quantity": 2}).json["count"] == 2
    assert client.put(f"{cart}/items/a", json={"quantity": 0}).json["items"] == []


def test_a_cart_can_be_emptied(client: FlaskClient, cart: str) -> None:
    """After that it is as new."""
    client.post(f"{cart}/items", json={"product": "a"})
    assert client.delete(cart).json == {"items": [], "count": 0}


def test_carts_merge(client: FlaskClient, cart: str) -> None:
    """Who signs in keeps what was in the cart before."""
    client.post(f"{cart}/items", json={"product": "a"})
    client.post(f"{cart}-before/items", json={"product": "a", "quantity": 2})
    before = f"{cart}-before".removeprefix("/carts/")
    assert client.post(f"{cart}/merge", json={"from": before}).json["count"] == 3
    assert client.get(f"{cart}-before").json["count"] == 0


def test_merging_a_cart_with_itself_keeps_it(client: FlaskClient, cart: str) -> None:
    """Signing in twice loses nothing."""
    client.post(f"{cart}/items", json={"product": "a"})
    itself = cart.removeprefix("/carts/")
    assert client.post(f"{cart}/merge", json={"from": itself}).json["count"] == 1


def test_carts_expire(client: FlaskClient, cart: str, valkey: Redis) -> None:
    """Thirty days after the last change."""
    client.post(f"{cart}/items", json={"product": "a"})
    kept = valkey.ttl(cart.removeprefix("/").replace("carts/", "cart:"))
    assert 0 < kept <= store.KEPT.total_seconds()


def test_what_goes_into_carts_is_popular(
    client: FlaskClient, cart: str, valkey: Redis
) -> None:
    """The most wanted comes first."""
    valkey.delete(store.POPULAR)
    for product, quantity in (("a", 2), ("b", 7), ("a", 3)):
        item = {"product": product, "quantity": quantity}
        client.post(f"{cart}/items", json=item)
    assert client.get("/popular").json["products"] == ["b", "a"]


@pytest.mark.parametrize(
    "item",
    [
        [],
        {},
        {"product": ""},
        {"product": 7},
        {"product": "a" * 200},
        {"product": "a", "quantity": 0},
        {"product": "a", "quantity": -1},
        {"product": "a", "quantity": 1.5},
        {"product": "a", "quantity": True},
        {"product": "a", "quantity": 100},
    ],
)
def test_what_is_no_item_is_refused(
    client: FlaskClient, cart: str, item: object
) -> None:
    """With a sentence that says what it should be."""
    answer = client.post(f"{cart}/items", json=item)
    assert answer.status_code == 400
    assert "must be" in answer.json["error"]
    assert client.get(cart).json["count"] == 0


def test_without_its_database_the_cart_says_so(cart: str) -> None:
    """The caller can tell that from a mistake of its own."""
    gone = SimpleNamespace(carts=Redis(unix_socket_path="/nowhere/valkey.sock"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "databases", gone)
        answer = create_app().test_client().get(cart)
    assert answer.status_code == 503
    assert "error" in answer.json
