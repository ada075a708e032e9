"""`glassware check` names the links that lead nowhere, with file and line."""

import json
from collections.abc import Iterator

import pytest

from sites import SiteUnderTest, ended


CART = """
    from flask import Flask, url_for
    app = Flask(__name__)

    @app.get("/items/<int:id>")
    def show(id): return ""

    @app.get("/inner")
    def inner(): return ""
"""
FRONT = """
    from flask import Blueprint, Flask, redirect
    from flask import url_for as link
    from glassware import url_for
    app = Flask(__name__)
    shop = Blueprint("shop", __name__)

    @app.get("/")
    def index():
        good = [url_for("cart.show", id=1), link("shop.page"), url_for("front.index")]
        more = url_for("cart.show", **{"id": 1}), link("index"), request.url_for("a.b")
        return redirect(link("cart.shwo"))

    @shop.get("/page")
    def page(): return url_for("crat.show", id=2) + url_for("cart.show", page=2)

    app.register_blueprint(shop, url_prefix="/shop")
    """
PAGE = """
    {% extends "base.html" %}
    {% trans %}Hello{% endtrans %}
    <a href="{{ url_for('cart.show', id=1) }}">
    <a href="{{ url_for('cart.inner') }}">
    {% do log(url_for("kept.page")) %}
    {{ fragment("cart.mini", deadline=0.2) }}
    {% call fragment("kept.page", id=1) %}
      <a href="{{ url_for('shop.pgae') }}">
    {% endcall %}
    {{ fragment(name) }}
"""
ODD = """
    {% load unknown %}
    {% odd tag %} {{ url_for("kept.page") }}
    {{ url_for('shop.page') }} {{ %}
"""
FILES = {
    "services/cart/service.toml": """
        [[routes]]
        path = "/cart"
        except = ["/inner"]
        """,
    "services/cart/app.py": CART,
    "services/front/service.toml": 'route = "/"\ncalls = ["cart"]\n',
    "services/front/app.py": FRONT,
    "services/front/templates/page.html": PAGE,
    "services/front/templates/odd.html": ODD,
    "services/front/templates/picture.png": "\x00 url_for('crat.show')",
    "services/front/tests/templates/page.html": "{{ url_for('crat.show') }}",
    "services/kept/app.py": CART.replace("/inner", "/page").replace("inner", "page"),
    "services/broken/service.toml": 'route = "/broken"\n',
    "services/broken/app.py": 'raise RuntimeError("no")\n',
    "services/other/app.py": """
        from flask import Flask, url_for
        app = Flask(__name__)

        @app.get("/")
        def index(): return url_for("broken.whatever") + url_for("program.x")
        """,
    "services/program/service.toml": 'route = "/files"\ncommand = "sleep 1000"\n',
}
FOUND = {
    ("front", "app.py:11"): "`cart` has no endpoint `shwo`",
    ("front", "app.py:14"): "the site has no service `crat`",
    ("front", "app.py:14 "): "`cart.show` needs `id`",
    ("front", "page.html:4"): "`cart.inner` is not public: the routes of `cart` leave",
    ("front", "page.html:5"): "`kept.page` is not public: no address leads to `kept`",
    ("front", "page.html:6"): "`cart` has no endpoint `mini`",
    ("front", "page.html:7"): "calls `kept`, which is not declared",
    ("front", "page.html:8"): "the site has no service `shop`",
    ("front", "odd.html:2"): "`kept.page` is not public",
    ("other", "app.py:5"): "`program` does not tell what it answers to",
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> Iterator[list[dict[str, str]]]:
    """What `check` finds in a site that has a fault of each kind."""
    with ended(tmp_path_factory.mktemp("links") / "site") as site:
        site.write(FILES)
        result = site.run("check", "--json")
        assert result.returncode == 5, result.stderr
        yield json.loads(result.stdout)


@pytest.mark.parametrize("place", FOUND)
def test_dead_links_are_found(findings, place):
    """In code and in templates, with file and line."""
    service, where = place
    said = [f["what"] for f in findings if f["service"] == service]

    assert any(f"{where.strip()}: " in each and FOUND[place] in each for each in said)


def test_nothing_else_is_found(findings):
    """Own endpoints, links that lead somewhere, and what nobody can know are none."""
    others = [f for f in findings if f["service"] != "broken"]

    assert len(others) == len(FOUND), [f["what"] for f in others]


def test_near_names_are_told(findings):
    """The hint is the way out."""
    hints = {f["hint"] for f in findings}

    assert "did you mean `cart.show`?" in hints
    assert 'give it one in its service.toml: `route = "/kept"`' in hints


def test_a_site_without_dead_links(tmp_path):
    """The exit code says so."""
    under_test = SiteUnderTest(tmp_path / "site")
    under_test.write({name: FILES[name] for name in FILES if "/cart/" in name})

    assert under_test.run("check").returncode == 0
