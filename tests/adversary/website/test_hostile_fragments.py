"""Neighbours whose fragments would take their page along with them."""

import time

import pytest
from flask import Response, render_template_string

from glassware.website.enclose import enclose
from website.fragment_sites import application, fragment_site


PAGE = "<!doctype html><p>{% call fragment('cart.mini') %}no cart{% endcall %}</p>"


def page(**headers):
    """Return a view with a fragment, which says of itself how it is kept."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: (render_template_string(PAGE), named)


def with_headers(name, *values):
    """Return the view of a fragment with a header several times."""

    def view():
        response = Response("<b>3</b>")
        for value in values:
            response.headers.add(name, value)
        return response

    return view


@pytest.mark.parametrize("said", ["public, max-age=3600", "s-maxage=60", "max-age=5"])
def test_a_page_that_misses_something_is_not_kept(tmp_path, said):
    """What fails for a moment would be missing for whoever comes in the next hour."""
    shop = application(home=page(Cache_Control=said))
    fails = {"cart": True}

    def mini():
        return ("", 500) if fails["cart"] else "<b>3</b>"

    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini=mini)
    ) as site:
        missing = site.get("/home")
        fails["cart"] = False
        whole = site.get("/home")
    assert "no cart" in missing.text
    assert missing.headers["Cache-Control"] == "no-store"
    assert "<b>3</b>" in whole.text
    assert whole.headers["Cache-Control"] == said


def test_a_page_that_says_nothing_of_keeping_says_nothing_more(tmp_path):
    """What is missing changes no header of a page that nobody keeps."""
    shop = application(home=page())
    with fragment_site(
        tmp_path, storefront=shop, cart=application("cart", mini=lambda: ("", 500))
    ) as site:
        assert "Cache-Control" not in site.get("/home").headers


def test_a_flood_of_cookies_takes_no_page_along(tmp_path):
    """The gateway would refuse the whole page; it is said that some are lost."""
    few = [f"cart_{n}={'x' * 1000}" for n in range(10)]
    large = [f"cart_large={'x' * 5000}"]
    many = [f"cart_{n}=1" for n in range(10, 100)]
    mini = with_headers("Set-Cookie", *few, *large, *many)
    with fragment_site(
        tmp_path, storefront=application(home=page()), cart=application(mini=mini)
    ) as site:
        answer = site.get("/home")
    assert "<b>3</b>" in answer.text
    assert answer.headers.getlist("Set-Cookie") == [*few, *many[:40]]


def test_an_answer_that_varies_with_everything_takes_no_page_along(tmp_path):
    """Neither its time nor its headers."""
    names = ", ".join(f"X-{n}" for n in range(2000))
    mini = with_headers("Vary", names)
    shop = application(home=page())
    with fragment_site(tmp_path, storefront=shop, cart=application(mini=mini)) as site:
        began = time.monotonic()
        answer = site.get("/home")
        took = time.monotonic() - began
    assert "<b>3</b>" in answer.text
    assert "*" in answer.headers["Vary"]
    assert len(answer.headers["Vary"]) < 100
    assert took < 5


STRAY = ["</p>", "</p></i></u></li>", "</h1></h2>"]


@pytest.mark.parametrize("ends", STRAY)
def test_what_closes_nothing_is_not_looked_for_again(ends):
    """It costs as much below 499 elements as at the top, however often it is said."""
    took = []
    for open_elements in (1, 499):
        began = time.process_time()
        enclose("<b>" * open_elements + ends * 20_000)
        took.append(time.process_time() - began)
    assert took[1] < 5 * took[0] + 0.5
