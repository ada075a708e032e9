"""One look for three services, in development and in production."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect, sync_playwright

from sites import SiteUnderTest, ended
from waiting import until


CHROMIUM = shutil.which("chromium")
HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
BASE = """
    <!doctype html>
    <html lang="en">
    <head>
      <meta name="color-scheme" content="light dark">
      <title>{% block title %}Shop{% endblock %}</title>
      <link rel="icon" href="{{ url_for("layout.static", filename="favicon.svg") }}">
      <link rel="stylesheet" href="{{ url_for("layout.static", filename="app.css") }}">
    </head>
    <body>
    <a href="{{ url_for("cart.show") }}">cart</a>
    <aside>{% call fragment("cart.mini") %}no cart{% endcall %}</aside>
    <main>{% block content %}{% endblock %}</main>
    </body>
    </html>
    """
ERROR = """
    {% extends "site/base.html" %}
    {% block content %}
    <h1>{{ status }} {{ title }}</h1><p>{{ description }}</p>
    {% endblock %}
    """
CSS = """
    :root { --paper: rgb(255, 255, 255); }
    @media (prefers-color-scheme: dark) { :root { --paper: rgb(18, 22, 29); } }
    body { background: var(--paper) url("dot.svg"); }
    """
PAGE = """
    import time

    from flask import Flask, abort, render_template

    app = Flask(__name__)

    @app.get("/")
    def index():
        return render_template("page.html")

    @app.get("/products/<int:id>")
    def show(id):
        abort(404, f"There is no product {id}")

    @app.get("/sitemap.xml")
    def sitemap():
        return "<urlset/>", {"Content-Type": "application/xml"}

    @app.get("/slow")
    def slow():
        time.sleep(30)
        return ""
    """
CART = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def show():
        return "cart"

    @app.get("/mini")
    def mini():
        return "<b>2 in the cart</b>"
    """
HOME = """
    from flask import Flask

    app = Flask(__name__, static_url_path="/files")

    @app.get("/robots.txt")
    def robots():
        return "User-agent: of home"
    """
FILES = {
    "layout/service.toml": 'calls = ["cart"]\n',
    "layout/templates/base.html": BASE,
    "layout/templates/error.html": ERROR,
    "layout/static/app.css": CSS,
    "layout/static/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "layout/static/favicon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "services/catalog/app.py": PAGE,
    "services/catalog/service.toml": '[[routes]]\npath = "/catalog"\ntimeout = 1\n',
    "services/catalog/templates/page.html": '{% extends "site/base.html" %}\n'
    "{% block content %}products{% endblock %}\n",
    "services/cart/app.py": CART,
    "services/cart/service.toml": 'route = "/cart"\n',
}


@pytest.fixture(scope="module")
def developed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """The site as its authors run it; a service at `/` has a `robots.txt` itself."""
    with ended(tmp_path_factory.mktemp("developed") / "shop") as site:
        site.write(FILES)
        site.write(
            {
                "services/home/app.py": HOME,
                "services/home/service.toml": 'route = "/"\n',
            }
        )
        site.up()
        yield site


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """The site as visitors have it, started for the first time."""
    with ended(tmp_path_factory.mktemp("served") / "shop") as site:
        site.write(FILES)
        site.up("--production")
        yield site


def style_of(text: str) -> str:
    """Return the address of the style sheet that a page names."""
    return text.partition('rel="stylesheet" href="')[2].partition('"')[0]


def test_a_service_s_page_has_the_look(developed: SiteUnderTest) -> None:
    """Its template extends one that it has not, with links and fragments of others."""
    page = developed.get("/catalog/")
    style = developed.get(style_of(page.text))

    assert "products" in page.text
    assert 'href="/cart/"' in page.text
    assert "<b>2 in the cart</b>" in page.text
    assert "dot.svg" in style.text
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert developed.get("/site/static/dot.svg").status == 200


def test_saves_show_without_a_restart(developed: SiteUnderTest) -> None:
    """Templates at the next request, and a changed file has a new address."""
    before = developed.service("catalog")["pids"]
    style = style_of(developed.get("/catalog/").text)
    changed = FILES["layout/templates/base.html"].replace("cart</a>", "basket</a>")
    try:
        developed.write(
            {"layout/templates/base.html": changed, "layout/static/app.css": "b {}"}
        )
        until(lambda: "basket</a>" in developed.get("/catalog/").text, "the new page")
        page = developed.get("/catalog/").text

        assert style_of(page) != style
        assert developed.get(style_of(page)).text == "b {}"
        assert developed.service("catalog")["pids"] == before
    finally:
        developed.write(FILES)


def test_a_mistake_shows_file_and_line(developed: SiteUnderTest) -> None:
    """In the page of the error, as Flask writes it, because the look is broken."""
    try:
        developed.write({"layout/templates/base.html": "one\n{% block %}\n"})
        place = f"{developed.folder.resolve()}/layout/templates/base.html:2"

        until(
            lambda: place in developed.get("/catalog/", headers=HTML).text, "the place"
        )
    finally:
        developed.write(FILES)
    until(lambda: developed.get("/catalog/").status == 200, "the page")


def test_a_service_s_own_file_at_the_root_wins(developed: SiteUnderTest) -> None:
    """The service at `/` has a rule for `/robots.txt`; the others are the layout's."""
    assert developed.get("/robots.txt").text == "User-agent: of home"
    assert developed.get("/favicon.ico").headers["Content-Type"] == "image/svg+xml"
    assert "/catalog/sitemap.xml</loc>" in developed.get("/sitemap.xml").text


def test_the_pages_of_errors_can_be_looked_at(developed: SiteUnderTest) -> None:
    """While they are being written; those of the gateway itself stay as they are."""
    shown = developed.get("/site/errors/503", headers=HTML)

    assert shown.status == 503
    assert "503 Service Unavailable" in shown.text


def test_a_visitor_sees_one_page_of_errors(served: SiteUnderTest) -> None:
    """Whether a service says so, or nobody is at the address."""
    product = served.get("/catalog/products/7", headers=HTML)
    nothing = served.get("/nothing", headers=HTML)

    assert "There is no product 7" in product.text
    assert "<b>2 in the cart</b>" in product.text
    assert nothing.status == 404
    assert "404 Not Found" in nothing.text
    # What a visitor has is on no page that all visitors get.
    assert "no cart" in nothing.text
    assert 'href="/cart/"' in nothing.text
    assert served.get(style_of(nothing.text)).status == 200


def test_a_program_sees_none(served: SiteUnderTest) -> None:
    """Who asks for JSON gets it from the gateway."""
    assert served.get("/nothing", headers=JSON).json()["status"] == 404


def test_a_service_that_takes_too_long_has_the_page(served: SiteUnderTest) -> None:
    """What Envoy answers in its place is the site's own page."""
    late = served.get("/catalog/slow", headers=HTML)

    assert late.status == 504
    assert "504 Gateway Timeout" in late.text


def test_robots_are_let_in(served: SiteUnderTest) -> None:
    """With the sitemap named by the address that they asked at."""
    told = served.get("/robots.txt").text

    assert "Disallow:\n" in told
    assert told.endswith("/sitemap.xml\n")


def test_there_is_no_looking_glass_for_visitors(served: SiteUnderTest) -> None:
    """The pages of errors cannot be asked for, nor the manifest."""
    assert served.get("/site/errors/503").status == 404
    assert served.get("/site/static/../service.toml").status == 404


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_pages_are_dressed_in_a_browser(served: SiteUnderTest) -> None:
    """The gateway's own and a service's, in both themes."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for scheme, paper in (
            ("light", "rgb(255, 255, 255)"),
            (
                "dark",
                "rgb(18, 22, 29)",
            ),
        ):
            page = browser.new_page(color_scheme=scheme)
            refused: list[str] = []
            page.on("console", lambda said, to=refused: to.append(said.text))
            for path in "/nothing", "/catalog/products/7":
                answer = page.goto(f"{served.url}{path}")
                assert answer is not None
                assert answer.status == 404
                expect(page.locator("h1")).to_have_text("404 Not Found")
                expect(page.locator("body")).to_have_css("background-color", paper)
            # Only that the pages themselves are a 404.
            assert not [text for text in refused if "404" not in text]
        browser.close()
