"""Visitors who choose what fragments are asked with, and what lines say of them."""

import pytest
from flask import render_template_string, request

from glassware.website.fragments.missing import MOST, Quiet
from website.fragment_sites import application, fragment_site


ASKS = "<p>{{ fragment(request.args.name, of=request.args.of) }}</p>"
OTHERS = ["7/private", "7/private?x=", "..", ".", "../private", "/private"]


def product(of):
    """Show what everybody may see."""
    return f"<b>{of}</b>"


def private(of):
    """Show what only a neighbour is to ask for."""
    return f"<b>private {of}</b>"


def shop():
    """An application one of whose routes begins like another one."""
    app = application(
        home=lambda: render_template_string(ASKS, request=request),
    )
    app.add_url_rule("/product/<of>", "product", product)
    app.add_url_rule("/product/<of>/private", "private", private)
    app.add_url_rule("/files/<path:of>", "file", product)
    return app


@pytest.fixture
def site(tmp_path):
    """A page whose visitor says which fragment it has, of itself or of a neighbour."""
    with fragment_site(tmp_path, storefront=shop(), cart=shop()) as site:
        yield site


@pytest.mark.parametrize("service", ["storefront", "cart"])
@pytest.mark.parametrize("value", OTHERS)
def test_no_value_makes_another_route_of_a_fragment(site, service, value):
    """What a page has named is what is asked for, or nothing is."""
    said = {"name": f"{service}.product", "of": value}
    html = site.get("/home", query_string=said).text
    assert "private " not in html
    assert html in {"<p></p>", f"<p><b>{value}</b></p>"}


@pytest.mark.parametrize("service", ["storefront", "cart"])
@pytest.mark.parametrize(
    ("endpoint", "value"),
    [
        *(("product", value) for value in ("7", "a b", "a?b", "é", "a%2fb", "...")),
        ("file", "a/b.txt"),
    ],
)
def test_any_other_value_is_asked_for(site, service, endpoint, value):
    """Also one with several segments, where the rule takes them."""
    said = {"name": f"{service}.{endpoint}", "of": value}
    assert site.get("/home", query_string=said).text == f"<p><b>{value}</b></p>"


def test_what_was_said_fills_no_memory():
    """Whoever asks for ever new names has no more of them remembered than `MOST`."""
    quiet = Quiet()
    for n in range(3 * MOST):
        assert quiet.more(f"cart.x{n}", "is missing") == 0
    assert len(quiet._said) == MOST
    assert quiet.more(f"cart.x{3 * MOST - 1}", "is missing") is None


def test_a_place_of_another_page_is_told_once_for_each_route(tmp_path, caplog):
    """No visitor writes a line for each address that is thought of."""
    guess = f"gw-fragment-{'0' * 32}-0-"
    app = application(home=lambda: "home")
    app.add_url_rule("/echo/<text>", "echo", lambda text: f"<p>{guess}</p>")
    with fragment_site(tmp_path, storefront=app) as site:
        for n in range(5):
            assert site.get(f"/echo/{n}%0Aforged").text == "<p></p>"
    (line,) = [record.getMessage() for record in caplog.records]
    assert "`storefront.echo` had a placeholder" in line
