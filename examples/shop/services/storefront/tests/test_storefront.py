"""The pages, with fakes for the neighbours."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient


def body(client: FlaskClient, path: str, status: int = 200) -> str:
    """Return the page at `path`."""
    answer = client.get(path)
    assert answer.status_code == status
    return answer.text


def add(client: FlaskClient, slug: str = "heron-rose", quantity: object = 1) -> Any:
    """Put something into the cart, and return the page that follows."""
    form = {"product": slug, "quantity": quantity}
    return client.post("/cart/add", data=form, follow_redirects=True)


def sign_in(client: FlaskClient, **more: str) -> Any:
    """Sign Ada in."""
    form = {"email": "ada@example.org", "password": "engine"} | more
    return client.post("/sign-in", data=form)


def test_home_is_put_together_from_three_neighbours(client: FlaskClient) -> None:
    """Products and categories, what is popular, and how many have an account."""
    page = body(client, "/")
    assert "Heron" in page
    assert "On one leg." in page
    assert "In other people" in page
    assert "1,234 people" in page
    assert "cannot be reached" not in page


@pytest.mark.parametrize("path", ["/", "/shop", "/product/heron-rose", "/sign-in"])
@pytest.mark.parametrize("name", ["cart", "accounts"])
def test_a_page_does_without_what_is_away(
    client: FlaskClient, neighbours: Any, assert_calls: Any, path: str, name: str
) -> None:
    """It shows everything else, and asks the neighbour that is away only once."""
    sign_in(client)
    neighbours.take_away(name)
    with assert_calls() as calls:
        page = body(client, path)
    assert f"{name.capitalize().rstrip('s')}s cannot be reached" in page
    assert [call.neighbour for call in calls.made].count(name) == 1


def test_without_the_catalog_there_is_a_page_that_says_so(
    client: FlaskClient, neighbours: Any
) -> None:
    """With a status that machines understand, too."""
    neighbours.take_away("catalog")
    assert "out of reach" in body(client, "/shop", 503)


def test_browsing_leads_to_the_other_pages(client: FlaskClient) -> None:
    """And keeps what was asked for."""
    page = body(client, "/shop?q=heron&colour=rose")
    assert "“heron”" in page
    assert "/shop?q=heron&amp;colour=rose&amp;page=2" in page
    assert 'aria-current="page">1<' in page


def test_nothing_found_is_said(client: FlaskClient) -> None:
    """Instead of an empty page."""
    assert "An empty shelf" in body(client, "/shop?q=zeppelin")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/product/none", "/shop?page=3", "/shop?page=0", "/shop?q=%00"]
)
def test_what_is_not_there_is_a_404_in_the_shop_s_look(
    client: FlaskClient, path: str
) -> None:
    """Also pages beyond the last."""
    assert "/static/shop.css" in body(client, path, 404)


def test_what_visitors_write_is_escaped(client: FlaskClient) -> None:
    """A search is no way to put markup into a page."""
    page = body(client, "/shop?q=<script>alert(1)</script>")
    assert "<script" not in page
    assert "&lt;script" in page


def test_a_product_has_price_stock_and_a_drawing(client: FlaskClient) -> None:
    """The drawing has a name for those who don't see it."""
    page = body(client, "/product/heron-rose")
    assert "€39.50" in page
    assert "12 in stock" in page
    assert 'aria-label="Drawing of the Heron in rose"' in page
    assert "Only 2 left" in body(client, "/product/heron-few")


def test_what_is_sold_out_cannot_be_bought(client: FlaskClient) -> None:
    """There is no button, and the form is refused all the same."""
    assert "Add to cart" not in body(client, "/product/heron-gone")
    assert "is sold out" in add(client, "heron-gone").text
    assert "Nothing in it yet" in body(client, "/cart")


def test_drawings_are_well_formed(client: FlaskClient) -> None:
    """Every finish and part of them."""
    page = body(client, "/product/heron-rose")
    drawing = page[page.index('<svg class="drawing"') :]
    ET.fromstring(drawing[: drawing.index("</svg>") + 6])


def test_a_cart_is_filled_changed_and_emptied(client: FlaskClient) -> None:
    """Prices are added up by the shop, from the catalog."""
    assert "Heron is in your cart" in add(client, quantity=2).text
    page = body(client, "/cart")
    assert "€79" in page
    assert '<span class="count">2' in page

    form = {"product": "heron-rose", "quantity": 3}
    page = client.post("/cart/change", data=form, follow_redirects=True).text
    assert "€118.50" in page

    form = {"product": "heron-rose", "quantity": 3, "remove": 1}
    page = client.post("/cart/change", data=form, follow_redirects=True).text
    assert "Nothing in it yet" in page


def test_an_order_empties_the_cart(client: FlaskClient) -> None:
    """Ordering nothing leads back to the cart."""
    assert client.post("/cart/order").location == "/cart"
    add(client)
    page = client.post("/cart/order", follow_redirects=True).text
    assert "Thank you" in page
    assert "Nothing in it yet" in body(client, "/cart")


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_a_quantity_out_of_range_is_refused(client: FlaskClient, quantity: int) -> None:
    """Whatever the form in the page allows."""
    assert add(client, quantity=quantity).status_code == 400


def test_a_change_that_came_to_nothing_is_said(
    client: FlaskClient, neighbours: Any
) -> None:
    """On the page where the visitor was."""
    add(client)
    neighbours.take_away("cart")
    assert "Nothing was changed" in add(client).text
    answer = client.post("/cart/order", follow_redirects=True)
    assert answer.status_code == 200
    assert "out of reach" in answer.text


def test_carts_are_apart(client: FlaskClient, neighbours: Any) -> None:
    """Another browser has another cart."""
    add(client)
    other = client.application.test_client()
    assert "Nothing in it yet" in other.get("/cart").text


def test_signing_in_takes_the_cart_along(client: FlaskClient, neighbours: Any) -> None:
    """And on another device it is there as well."""
    add(client)
    sign_in(client)
    assert neighbours.carts == {"account-7": {"heron-rose": 1}}
    other = client.application.test_client()
    sign_in(other)
    assert "€39.50" in other.get("/cart").text


def test_signing_out_leaves_nothing_behind(client: FlaskClient) -> None:
    """Neither the name nor the cart."""
    sign_in(client)
    add(client)
    assert "Ada" in body(client, "/")
    page = client.post("/sign-out", follow_redirects=True).text
    assert "Ada" not in page
    assert "Nothing in it yet" in body(client, "/cart")


def test_a_wrong_password_is_said_and_the_address_kept(client: FlaskClient) -> None:
    """The password is not."""
    answer = sign_in(client, password="wrong")
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "wrong" not in answer.text


def test_registering_signs_in(client: FlaskClient) -> None:
    """Nobody types a new password twice."""
    form = {"name": "Bob", "email": "bob@example.org", "password": "a long password"}
    answer = client.post("/register", data=form)
    assert answer.status_code == 303
    with client.session_transaction() as session:
        assert session["account"] == {"id": 7, "name": "Bob"}


def test_mistakes_are_shown_at_their_fields(client: FlaskClient) -> None:
    """And tied to them for screen readers."""
    form = {"name": "Ada", "email": "ada@example.org", "password": "a long password"}
    answer = client.post("/register", data=form)
    assert answer.status_code == 422
    assert 'id="email-error">There is an account.' in answer.text
    assert "email-error" in answer.text.partition('id="email"')[2].partition(">")[0]


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_without_accounts_nobody_signs_in(
    client: FlaskClient, neighbours: Any, path: str
) -> None:
    """The page says so, and can be sent again."""
    neighbours.take_away("accounts")
    answer = client.post(path, data={"email": "ada@example.org", "password": "engine"})
    assert answer.status_code == 503
    assert "Please try again" in answer.text


def test_an_account_that_was_removed_is_signed_out(
    client: FlaskClient, neighbours: Any
) -> None:
    """At the next page."""
    sign_in(client)
    neighbours.known.clear()
    assert "Ada" not in body(client, "/shop")


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/cart", "/cart"),
        ("/shop?q=a", "/shop?q=a"),
        ("", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_only_to_pages_of_the_shop(
    client: FlaskClient, target: str, location: str
) -> None:
    """Whatever a link from elsewhere says."""
    assert sign_in(client, next=target).location == location


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    """A page elsewhere cannot act in the visitor's name."""
    form = {"email": "ada@example.org", "password": "engine"}
    assert client.post("/sign-in", data=form, headers=headers).status_code == status


def test_the_session_cookie_stays_with_this_site(client: FlaskClient) -> None:
    """Scripts cannot read it, and other sites' forms do not send it."""
    cookie = sign_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_pages_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    """And no other site frames them."""
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_without_a_secret_key_nothing_is_signed(client: FlaskClient) -> None:
    """There is no key that everybody knows."""
    from storefront import create_app  # noqa: PLC0415

    app: Flask = create_app({"SECRET_KEY": None, "TESTING": True})
    with pytest.raises(RuntimeError, match="secret key"):
        sign_in(app.test_client())


def test_a_review_is_read_beside_the_product(
    client: FlaskClient, neighbours: Any
) -> None:
    """Whoever has an account writes one, in that account's name."""
    sign_in(client)
    form = {"stars": "4", "text": "Holds <wine>."}
    page = client.post(
        "/product/heron-rose/review", data=form, follow_redirects=True
    ).text
    assert "Others will read that" in page
    assert "Holds &lt;wine&gt;." in page
    assert "4.0 of 5, say 1" in page
    (said,) = neighbours.said
    assert (said["name"], said["stars"]) == ("Ada", 4)


def test_a_review_needs_an_account_and_words(
    client: FlaskClient, neighbours: Any
) -> None:
    """Guests may read; nothing is said with nothing."""
    form = {"stars": "4", "text": ""}
    assert client.post("/product/heron-rose/review", data=form).status_code == 403
    sign_in(client)
    answer = client.post("/product/heron-rose/review", data=form, follow_redirects=True)
    assert "one to five stars" in answer.text
    assert client.post("/product/nothing/review", data=form).status_code == 404
    assert neighbours.said == []


def test_a_product_is_shown_without_its_reviews(
    client: FlaskClient, neighbours: Any
) -> None:
    """Reviews are the least of it; what is written meanwhile is not taken."""
    sign_in(client)
    neighbours.take_away("reviews")
    page = body(client, "/product/heron-rose")
    assert "Add to cart" in page
    assert "Reviews cannot be reached" in page
    form = {"stars": "4", "text": "Holds wine."}
    answer = client.post("/product/heron-rose/review", data=form, follow_redirects=True)
    assert "Reviews cannot be taken" in answer.text
