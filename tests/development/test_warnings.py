"""What a page's authors are told of the calls that it makes."""

import pytest

from development.three_services import FILES, GROUPED


def way_out(path):
    """What the authors of a page can do, and how they see what it calls."""
    shows = f"`glassware call storefront {path} --trace` shows them"
    return f"ask for many at once ({shows})"


@pytest.fixture(params=["apart", "together"])
def shop(request, site):
    """The three services, each in a process of its own, or all in one."""
    site.write(FILES | (GROUPED if request.param == "together" else {}))
    site.up()
    return site


def warnings(site, text):
    """The warnings of all services, once there is one with `text` in it."""

    def found():
        lines = site.run("logs").stdout.splitlines()
        said = [line.split("│ ", 1) for line in lines if "│ warning: " in line]
        names = [
            (head.split()[-1], line.removeprefix("warning: ")) for head, line in said
        ]
        return names if any(text in line for _, line in names) else None

    return site.until(found, f"a warning about {text}")


def test_a_page_that_calls_in_a_loop(shop):
    """One line in the log of the page's service names the calls, once for all pages."""
    for number in (4, 5, 6, 7):
        assert shop.get(f"/list/{number}").text == "a list"

    kinds = "5x GET catalog /products/<…>, 5x GET prices /of/<…> by catalog"
    line = f"GET /list/5 made 10 calls: {kinds}; {way_out('/list/5')}"
    assert warnings(shop, "/list") == [("storefront", line)]


def test_a_page_that_makes_many_calls(site):
    """As many as the service says are too many."""
    few = "[environment]\nGLASSWARE_CALLS_PER_PAGE = '3'\n"
    manifest = FILES["services/storefront/service.toml"] + few
    site.write(FILES | {"services/storefront/service.toml": manifest})
    site.up()

    site.get("/list/1")
    site.get("/every")

    kinds = (
        "2x GET prices /of/<…> by catalog, 1x GET catalog /every, "
        "1x GET prices /all by catalog"
    )
    line = f"GET /every made 4 calls: {kinds}; {way_out('/every')}"
    assert warnings(site, "/every") == [("storefront", line)]


CIRCLE = """
    from flask import Flask
    from glassware import services

    app = Flask(__name__)


    @app.get("/<int:rounds>")
    def turn(rounds):
        if rounds == 0:
            return "done"
        return services.%s.get(f"/{rounds - 1}").raise_for_status().text
    """


def test_a_circle_and_a_long_chain(site):
    """Each is told of once, by the service that notices it."""
    site.write(
        {
            "services/cart/app.py": CIRCLE % "offers",
            "services/cart/service.toml": 'route = "/cart"\ncalls = ["offers"]\n',
            "services/offers/app.py": CIRCLE % "cart",
            "services/offers/service.toml": 'calls = ["cart"]\n',
        }
    )
    site.up()

    assert site.get("/cart/1").text == "done"
    assert site.get("/cart/6").text == "done"

    way = "cart → offers → cart → offers → cart → offers"
    found = warnings(site, "calls below")
    assert sorted(found) == [
        ("cart", "GET /0 is 6 calls below its page: " + way + " → cart"),
        ("cart", "GET /4 was called in a circle: cart → offers → cart"),
        ("offers", "GET /1 is 5 calls below its page: " + way),
        ("offers", "GET /3 was called in a circle: cart → offers → cart → offers"),
    ]


def test_none_of_it_in_production(site):
    """Visitors' pages are not watched."""
    site.write(FILES)
    site.up("--production")

    assert site.get("/list/25").text == "a list"

    assert "warning:" not in site.run("logs").stdout
