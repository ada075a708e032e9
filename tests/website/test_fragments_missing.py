"""Fragments that fail: what stands there, and what is said of it."""

import logging
import re
import threading

import pytest
from flask import redirect, render_template_string

from glassware.website.fragments import call as fragment_call
from waiting import PATIENCE
from website.fragment_sites import application, fragment_site


PAGE = "<p>{{ fragment('cart.mini') }}</p>"
BLOCK = "{% call fragment('cart.mini') %}no <i>cart</i> {{ name }}{% endcall %}"

FAILURES = {
    "an error": (lambda: ("<b>oh</b>", 500), "status 500"),
    "an exception": (lambda: 1 / 0, "status 500"),
    "a status": (lambda: ("<b>gone</b>", 404), "status 404"),
    "a redirect": (lambda: redirect("/login"), "redirects to `/login`"),
    "no HTML": (lambda: {"count": 3}, "is no HTML (application/json)"),
    "too large": (lambda: "x" * (fragment_call.LARGEST + 1), "more than 262144 bytes"),
}


def page(template, **values):
    """Return a view that renders a template."""
    return lambda: render_template_string(template, **values)


@pytest.fixture(params=FAILURES)
def failing(request, tmp_path):
    """A site whose fragment fails, and what is said of it."""
    view, why = FAILURES[request.param]
    shop = application(home=page(PAGE), block=page(BLOCK, name="now"))
    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini=view)
    ) as s:
        yield s, why


def test_a_failure_leaves_an_empty_place_and_a_line(failing, caplog):
    """The page is there; the log says which fragment is not, and why."""
    site, why = failing
    assert site.get("/home").text == "<p></p>"
    (line,) = [
        r.getMessage() for r in caplog.records if r.name == "glassware.fragments"
    ]
    assert "`cart.mini` is missing from the page" in line
    assert why in line


def test_the_block_of_a_call_stands_in(failing, caplog):
    """It is a part of the template as any other, and there is a line as well."""
    site, why = failing
    assert site.get("/block").text == "no <i>cart</i> now"
    assert why in caplog.text


def test_a_block_is_rendered_only_then(tmp_path):
    """Where there is the fragment, nothing of its block runs."""
    ran = []
    shop = application(
        home=page(
            "{% call fragment('cart.mini') %}{{ ran() }}{% endcall %}",
            ran=lambda: ran.append(1),
        )
    )
    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini="3")
    ) as site:
        assert site.get("/home").text == "3"
    assert not ran


def test_a_block_that_fails_is_no_error_of_the_page(tmp_path, caplog):
    """Its traceback is in the log."""
    shop = application(
        home=page("<p>{% call fragment('cart.no') %}{{ 1 / 0 }}{% endcall %}</p>")
    )
    with fragment_site(tmp_path, storefront=shop, cart=application("cart")) as site:
        assert site.get("/home").text == "<p></p>"
    assert "the block in place of `cart.no` failed, too" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_who_develops_sees_what_is_missing(tmp_path):
    """A word stands there, and why as its title, escaped."""
    shop = application(home=page("{{ fragment('cart.mini', x='<') }}"))
    cart = application("cart", mini=lambda: ("", 404))
    with fragment_site(tmp_path, storefront=shop, cart=cart, development=True) as site:
        text = site.get("/home").text
    assert text == (
        '<span class="glassware-missing" title="`cart.mini` answered with status '
        '404">[cart.mini is missing]</span>'
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cart.nothing", "`cart` has no endpoint `nothing`"),
        ("nobody.mini", "no service of this site is named like that .*there is `cart`"),
        ("cart", "`cart` is no fragment: the application has no such endpoint"),
        ("cart.of", "its rule `/of/<int:id>` needs `id`; given were none"),
        ("storefront.of", "Did you forget to specify values"),
    ],
)
def test_a_wrong_name_is_missing_like_any_other(tmp_path, caplog, name, why):
    """A page is more than its fragments; the line says what is wrong."""
    shop = application(home=page("<p>{{ fragment(name) }}</p>", name=name))
    cart = application("cart")
    for app in (shop, cart):
        app.add_url_rule("/of/<int:id>", "of", str)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text == "<p></p>"
    assert re.search(why, caplog.text)


def test_no_page_waits_longer_than_a_fragment_may_take(tmp_path, caplog):
    """What is not there by then is missing, even if it cannot be interrupted."""
    over = threading.Event()

    def hangs():
        over.wait(PATIENCE)
        return "late"

    shop = application(home=page("<p>{{ fragment('cart.mini', deadline=0.2) }}</p>"))
    cart = application("cart", mini=hangs)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        try:
            assert site.get("/home").text == "<p></p>"
            assert not over.is_set()
        finally:
            over.set()
    assert "`cart.mini` was not there in time" in caplog.text


def test_an_earlier_answer_stands_in_for_one_that_hangs(tmp_path, caplog):
    """If it said that it may, and before the block; what comes then is too late."""
    over, asked = threading.Event(), []

    def mini():
        asked.append(1)
        if len(asked) > 1:
            over.wait(PATIENCE)
        headers = {"Cache-Control": "max-age=0, stale-if-error=60"}
        return f"<b>{len(asked)}</b>", headers

    template = "{% call fragment('cart.mini', deadline=0.2) %}no{% endcall %}"
    shop, cart = application(home=page(template)), application("cart", mini=mini)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        try:
            assert [site.get("/home").text for _ in range(2)] == ["<b>1</b>"] * 2
        finally:
            over.set()
    assert len(asked) == 2
    assert "cart.mini" not in caplog.text


def test_the_same_is_said_once_in_a_while(tmp_path, caplog):
    """A thousand pages without a cart are no thousand lines."""
    shop = application(home=page(PAGE))
    with fragment_site(tmp_path, storefront=shop, cart=application("cart")) as site:
        for _ in range(5):
            site.get("/home")
    lines = [r for r in caplog.records if r.name == "glassware.fragments"]
    assert [r.levelno for r in lines] == [logging.WARNING]


def test_a_circle_of_fragments_comes_to_an_end(tmp_path, caplog):
    """A fragment that is within itself is left out at some depth."""
    shop = application(
        home=page("{{ fragment('storefront.nav') }}"),
        nav=page("<i>{{ fragment('storefront.nav') }}</i>"),
    )
    with fragment_site(tmp_path, storefront=shop) as site:
        text = site.get("/home").text
    assert "<i></i>" in text
    assert "fragments are within themselves: storefront → storefront" in caplog.text
