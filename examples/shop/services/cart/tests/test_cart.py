"""The cart on its own, with a real Valkey."""

from typing import Any
from uuid import uuid4

import pytest
from cart import store
from redis import Redis

from glassware.testing import Service


def add(cart: Service, slug: str = "heron-rose", **form: object) -> Any:
    """Put something into the cart of this browser."""
    return cart.client.post("/add", data={"product": slug} | form)


def pieces(cart: Service) -> str:
    """Return what every page shows of the cart."""
    return cart.client.get("/mini").text.partition('count">')[2].partition("<")[0]


def test_whoever_has_nothing_sees_nothing(cart: Service) -> None:
    """And gets no cookie for it."""
    answer = cart.client.get("/mini")
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert "Nothing in it yet" in cart.client.get("/").text


def test_a_product_goes_into_the_cart(cart: Service) -> None:
    """Twice is more of it; then the visitor is where the product is."""
    assert add(cart).location == "/product/heron-rose"
    add(cart, quantity=2)
    assert pieces(cart) == "3"
    page = cart.client.get("/").text
    assert "€118.50" in page
    assert "/picture/heron-rose.svg" in page


@pytest.mark.parametrize(
    ("slug", "form", "status"),
    [
        ("unknown", {}, 404),
        ("heron-rose", {"quantity": 0}, 400),
        ("heron-rose", {"quantity": 100}, 400),
        ("gone", {}, 303),
    ],
)
def test_what_cannot_be_had_does_not_go_in(
    cart: Service, slug: str, form: dict[str, object], status: int
) -> None:
    """Whatever the form in the page allows."""
    assert add(cart, slug, **form).status_code == status
    assert pieces(cart) == ""


def test_a_quantity_can_be_changed(cart: Service) -> None:
    """Zero takes the product out; what is not in the cart stays out."""
    add(cart)
    for slug, number, count in (("heron-rose", 5, "5"), ("other", 5, "5")):
        cart.client.post("/change", data={"product": slug, "quantity": number})
        assert pieces(cart) == count
    cart.client.post("/change", data={"product": "heron-rose", "remove": 1})
    assert pieces(cart) == ""


def test_an_order_empties_the_cart(cart: Service) -> None:
    """Ordering nothing leads back to the cart."""
    assert cart.client.post("/order").location == "/"
    add(cart)
    assert "Thank you" in cart.client.post("/order", follow_redirects=True).text
    assert pieces(cart) == ""


def test_carts_are_apart(cart: Service) -> None:
    """Another browser has another cart."""
    add(cart)
    assert cart.app.test_client().get("/mini").status_code == 204


def test_who_signs_in_keeps_what_was_in_the_cart(cart: Service) -> None:
    """Once, and on another device it is there as well; who signs out leaves it."""
    somebody = str(uuid4())
    add(cart)
    for _ in range(2):
        cart.sign_in(somebody, name="Ada")
        assert pieces(cart) == "1"
    cart.sign_out()
    assert pieces(cart) == ""


def test_forms_need_a_token(cart: Service) -> None:
    """One that another page sends in the visitor's name is refused."""
    cart.app.config["WTF_CSRF_ENABLED"] = True
    assert add(cart).status_code == 400


def test_nobody_gets_more_than_a_cart_holds(valkey: Redis) -> None:
    """Quantities stop at 99, products at 60."""
    cart = str(uuid4())
    for _ in range(2):
        store.add(cart, "item-0", 60)
    assert store.items(cart) == {"item-0": 99}
    assert all(store.add(cart, f"item-{number}", 1) for number in range(1, 60))
    assert not store.add(cart, "more", 1)
    assert store.add(cart, "item-1", 1)


def test_carts_expire(valkey: Redis) -> None:
    """Thirty days after the last change."""
    cart = str(uuid4())
    store.add(cart, "a", 1)
    assert 0 < valkey.ttl(f"cart:{cart}") <= store.KEPT.total_seconds()


def test_what_goes_into_carts_is_popular(cart: Service, valkey: Redis) -> None:
    """The most wanted comes first."""
    valkey.delete(store.POPULAR)
    for product, number in (("a", 2), ("b", 7), ("a", 3)):
        store.add(str(uuid4()), product, number)
    assert cart.client.get("/popular").json == {"products": ["b", "a"]}
