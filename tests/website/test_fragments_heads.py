"""What fragments do to the head of their page: status, cookies, caching."""

import pytest
from flask import make_response, redirect, render_template_string, request, session

from website.fragment_sites import application, fragment_site


def page(template, status=200, **headers):
    """Return a view that renders a template."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: (render_template_string(template), status, named)


def with_cookies(*cookies):
    """Return a view that sets cookies."""

    def view():
        response = make_response("<b>3</b>")
        for cookie in cookies:
            response.headers.add("Set-Cookie", cookie)
        return response

    return view


PRIMARY = page("<p>{{ fragment('cart.main', primary=True) }}</p>")


def test_the_status_of_the_primary_fragment_is_the_page_s(tmp_path):
    """An error that is a page of HTML stands in its place."""
    shop = application(home=PRIMARY)
    cart = application("cart", main=lambda: ("<b>no such cart</b>", 404))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    assert (answer.status_code, answer.text) == (404, "<p><b>no such cart</b></p>")


def test_a_redirect_of_the_primary_fragment_is_the_page_s(tmp_path):
    """With its cookies, and without a body."""

    def main():
        response = redirect("/cart/sign-in", 302)
        response.set_cookie("cart_note", "1")
        return response

    shop, cart = application(home=PRIMARY), application("cart", main=main)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    assert (answer.status_code, answer.location) == (302, "/cart/sign-in")
    assert answer.headers["Set-Cookie"].startswith("cart_note=1")
    assert answer.data == b""


def test_where_the_primary_fragment_fails_the_page_does(tmp_path):
    """With the status that an error of a call has, for whoever handles it."""
    shop = application(home=PRIMARY)
    cart = application("cart", main=lambda: ("", 500))
    shop.testing = False
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").status_code == 500


def test_a_page_has_one_primary_fragment(tmp_path):
    """The second one is a mistake of the template."""
    shop = application(home=page("{{ fragment('cart.a', primary=True) }}" * 2))
    shop.testing = True
    with (
        fragment_site(tmp_path, storefront=shop, cart=application("cart")) as site,
        pytest.raises(ValueError, match="one `primary` fragment"),
    ):
        site.get("/home")


def test_a_fragment_sets_cookies_in_its_own_name_alone(tmp_path):
    """Those of others, of the site and of nobody do not reach the browser."""
    cookies = (
        *("cart_session=1; Path=/", "__Host-cart_note=2", "storefront_session=3"),
        *("cart-admin_session=4", "visitor=5", "theme=6", "cartoon=7"),
    )
    shop = application(home=page("{{ fragment('cart.mini') }}"))
    cart = application("cart", mini=with_cookies(*cookies))
    apps = {"storefront": shop, "cart": cart, "cart-admin": application("admin")}
    with fragment_site(tmp_path, **apps) as site:
        answer = site.get("/home")
    assert answer.headers.getlist("Set-Cookie") == [
        "cart_session=1; Path=/",
        "__Host-cart_note=2",
    ]


def test_a_fragment_is_sent_its_own_cookies_alone(tmp_path):
    """And the language, but nothing else that the browser said."""
    heard = {}

    def mini():
        heard.update(request.headers)
        return "3"

    shop = application(home=page("{{ fragment('cart.mini') }}"))
    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini=mini)
    ) as site:
        sent = "cart_session=1; storefront_session=2; visitor=3; theme=4; x_cart_=5"
        headers = {"Cookie": sent, "Accept-Language": "de", "X-Other": "6"}
        site.get("/home", headers=headers)
    assert heard["Cookie"] == "cart_session=1"
    assert heard["Accept-Language"] == "de"
    assert heard["X-Glassware-Fragment"]
    assert "X-Other" not in heard


def test_an_own_fragment_has_the_session_of_its_page(tmp_path):
    """It is the same service's, whatever its cookie is called."""

    def nav():
        return f"<nav>{session.get('name')}</nav>"

    def sign_in():
        session["name"] = "Ada"
        return ""

    shop = application(
        home=page("{{ fragment('storefront.nav') }}"), nav=nav, sign_in=sign_in
    )
    with fragment_site(tmp_path, storefront=shop) as site:
        client = shop.test_client()
        site.run(lambda: client.get("/sign_in"))
        assert site.run(lambda: client.get("/home")).text == "<nav>Ada</nav>"


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("max-age=9", "public, max-age=60"),
        ("private, max-age=9", "max-age=60, private"),
        ("no-store", "max-age=60, no-store, private"),
    ],
)
def test_a_page_is_kept_by_no_more_than_its_fragments(tmp_path, said, then):
    """What is one visitor's own is not kept for all of them, and varies as it does."""
    shop = application(
        home=page(
            "{{ fragment('cart.mini') }}",
            Cache_Control="public, s-maxage=90, max-age=60"
            if "max-age=60, " in then
            else "public, max-age=60",
        )
    )
    head = {"Cache-Control": said, "Vary": "Accept-Language, X-Glassware-Visitor"}
    cart = application("cart", mini=lambda: ("3", 200, head))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    assert set(answer.headers["Cache-Control"].split(", ")) == set(then.split(", "))
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)


def test_a_tag_of_the_page_is_that_of_the_whole_page(tmp_path):
    """It is made anew when the fragments are there; then it is asked again."""

    def home():
        response = make_response(render_template_string("{{ fragment('cart.mini') }}"))
        response.add_etag()
        return response

    count = ["3"]
    shop, cart = application(home=home), application("cart", mini=lambda: count[0])
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        tag = site.get("/home").headers["ETag"]
        again = site.get("/home", headers={"If-None-Match": tag})
        count[0] = "4"
        other = site.get("/home", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert (other.status_code, other.data) == (200, b"4")


def test_functions_after_the_request_see_the_whole_page(tmp_path):
    """Those that the service itself registered, whenever it did."""
    shop, seen = application(home=page("{{ fragment('cart.mini') }}")), []

    @shop.after_request
    def measure(response):
        seen.append((response.get_data(), response.content_length))
        return response

    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini="three")
    ) as site:
        shop.after_request(measure)
        site.get("/home")
    assert seen == [(b"three", 5)] * 2
