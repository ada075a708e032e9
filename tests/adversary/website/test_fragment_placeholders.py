"""Visitors who write what a page might take for a place of its own."""

import re
import threading

import pytest
from flask import Response, render_template_string, request

from website.fragment_sites import application, fragment_site


PAGE = """<!doctype html><html><head>{{ assets() }}</head><body>
<p>{{ request.args.text }}</p><div>{{ request.args.text|safe }}</div>
{{ fragment("cart.mini") }}{{ style("/own.css") }}</body></html>"""


@pytest.fixture
def site(tmp_path):
    """A page that shows what its visitor has written, and a fragment that does, too."""
    seen = []

    def home():
        html = render_template_string(PAGE)
        seen.append(html)
        return html

    cart = application(
        "cart",
        mini=lambda: f"<i>cart {seen[-1] if seen else ''}</i>",
        echo=lambda: f"<b>{request.args.get('text', '')}</b>",
    )
    with fragment_site(tmp_path, storefront=application(home=home), cart=cart) as site:
        site.seen = seen
        yield site


GUESSES = [
    f"gw-fragment-{'0' * 32}-0-",
    f"gw-fragment-{'f' * 32}-999999-",
    "gw-fragment-",
    f"<!--assets {'0' * 32}-->",
    "<!--assets -->",
]


@pytest.mark.parametrize("guess", GUESSES)
def test_a_guess_is_no_place(site, guess):
    """What is guessed is neither filled nor does it harm the page."""
    html = site.get("/home", query_string={"text": guess}).text
    assert html.count("<i>cart") == 1
    assert html.count("/own.css") == 1
    assert html.index("/own.css") < html.index("</head>")


def test_a_place_of_an_earlier_page_is_none_in_this_one(site):
    """What was read in one answer cannot be sent back: each page has its own words."""
    site.get("/home", query_string={"text": "first"})
    words = re.findall(r"gw-fragment-[0-9a-f]{32}-\d+-|<!--assets \w+-->", site.seen[0])
    assert len(words) == 2
    html = site.get("/home", query_string={"text": " ".join(words)}).text
    assert html.count("<i>cart") == 1
    assert html.count("/own.css") == 1
    assert set(words).isdisjoint(site.seen[1].replace(" ".join(words), ""))


def test_no_answer_tells_the_words_of_its_page(site):
    """They are used up when they are seen."""
    html = site.get("/home", query_string={"text": "x"}).text
    words = re.findall(r"[0-9a-f]{32}", site.seen[0])
    assert len(words) == 2
    assert not any(word in html for word in words)


def test_what_a_fragment_says_is_not_looked_at_for_places(tmp_path):
    """A neighbour that knew a word could not put other fragments into itself."""
    known = []
    told = threading.Event()

    def home():
        html = render_template_string(
            "{{ fragment('cart.secret') }}|{{ fragment('reviews.echo') }}"
        )
        known.extend(re.findall(r"gw-fragment-\w{32}-\d-", html))
        told.set()
        return html

    def echo():
        assert told.wait(10)
        # As from a program that is none of Flask's.
        return Response([f"<b>{known[0]}</b>".encode()], direct_passthrough=True)

    reviews = application("reviews", echo=echo)
    cart = application("cart", secret="<i>secret</i>")
    shop = application(home=home)
    with fragment_site(tmp_path, storefront=shop, cart=cart, reviews=reviews) as site:
        html = site.get("/home").text
    assert html.count("secret") == 1
    assert "<b></b>" in html
