"""A fragment that is opened alone, by a browser, where its authors use it."""

import pytest
from flask import render_template_string
from jinja2 import DictLoader

from website.fragment_sites import application, fragment_site


OPENED = {"Sec-Fetch-Dest": "document"}
BASE = "<!doctype html><title>shop</title>{% block content %}{% endblock %}"


def site_of(folder, *, development=True, **routes):
    """Return a site whose page asks for one of its own fragments."""
    shop = application(
        home=lambda: render_template_string("{{ fragment('storefront.nav') }}"),
        **{"nav": "<nav>é</nav>", **routes},
    )
    return fragment_site(folder, storefront=shop, development=development)


def test_a_fragment_is_framed_once_a_page_has_asked_for_it(tmp_path):
    """Before that nobody knows that it is one; then it is a page of its own."""
    with site_of(tmp_path) as site:
        site.page.view_functions["late"] = lambda: "<i></i>"
        site.page.add_url_rule("/late", "late")
        assert site.get("/late", headers=OPENED).text == "<i></i>"
        site.get("/home")
        answer = site.get("/nav", headers=OPENED)

    assert answer.text.startswith("<!doctype html>")
    assert "<title>storefront.nav</title>" in answer.text
    assert "<nav>é</nav>" in answer.text
    assert answer.content_length == len(answer.data)


def test_it_stands_in_the_layout_of_the_site(tmp_path):
    """In the block of its content, as the pages do."""
    with site_of(tmp_path) as site:
        site.page.jinja_loader = DictLoader({"site/base.html": BASE})
        site.get("/home")
        text = site.get("/nav", headers=OPENED).text

    assert text == "<!doctype html><title>shop</title><nav>é</nav>"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "iframe"},
        {**OPENED, "HX-Request": "true"},
    ],
)
def test_scripts_get_the_piece_alone(tmp_path, headers):
    """They put it into a page that is there."""
    with site_of(tmp_path) as site:
        site.get("/home")
        assert site.get("/nav", headers=headers).text == "<nav>é</nav>"


@pytest.mark.parametrize(
    "answer",
    ["<!DOCTYPE html><nav>", "\n<html><nav>", ("<nav>", 404), {"nav": 1}],
)
def test_what_is_no_piece_is_left_alone(tmp_path, answer):
    """Whole pages, errors, JSON."""
    with site_of(tmp_path, nav=lambda: answer) as site:
        site.get("/home")
        plain = site.get("/nav").data
        assert site.get("/nav", headers=OPENED).data == plain


def test_nothing_is_framed_for_visitors(tmp_path):
    """In production a fragment is what its view returns."""
    with site_of(tmp_path, development=False) as site:
        site.get("/home")
        assert site.get("/nav", headers=OPENED).text == "<nav>é</nav>"
