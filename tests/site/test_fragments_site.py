"""Pages out of fragments on a real site: over the wire, in a group, in a browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect, sync_playwright

from sites import SiteUnderTest, ended


CHROMIUM = shutil.which("chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]

STOREFRONT = '''
    import threading

    from flask import Flask, render_template_string

    app = Flask(__name__)
    PAGE = """<!doctype html><title>shop</title>
    <header>{{ fragment("storefront.nav") }}</header>
    <div id="cart">{{ fragment("cart.mini") }}</div>
    <button onclick="refresh()">refresh</button>
    <script>
    async function refresh() {
      const answer = await fetch("{{ url_for('cart.mini') }}")
      document.getElementById("cart").innerHTML = await answer.text()
    }
    </script>
    {% for n in range(4) %}{{ fragment("cart.meet", n=n, deadline=20) }}{% endfor %}
    """

    @app.get("/")
    def home():
        return render_template_string(PAGE)

    @app.get("/nav")
    def nav():
        return "<nav>NAME</nav>"

    @app.get("/broken")
    def broken():
        return render_template_string(
            "<p>{% call fragment('cart.broken') %}no cart{% endcall %}</p>"
            "<p>{{ fragment('cart.hangs', deadline=0.3) }}</p>"
        )

    @app.get("/primary")
    def primary():
        return render_template_string("{{ fragment('cart.broken', primary=True) }}")
    '''
CART = """
    import threading
    from itertools import count

    from flask import Flask, request, session

    app = Flask(__name__)
    counter = count(1)
    together = threading.Barrier(4, timeout=20)

    @app.get("/mini")
    def mini():
        session["seen"] = session.get("seen", 0) + 1
        return f"<b>{session['seen']} of {next(counter)}</b>"

    @app.get("/meet")
    def meet():
        together.wait()
        return f"<i>{request.args['n']}</i>"

    @app.get("/broken")
    def broken():
        raise ValueError("oh no")

    @app.get("/hangs")
    def hangs():
        threading.Event().wait(3)
        return "late"
    """
FILES = {
    "site.toml": 'name = "pages"\n[groups]\nweb = ["grouped", "cart"]\n',
    "services/cart/app.py": CART,
    "services/cart/service.toml": 'route = "/cart"\nthreads = 8\n',
    "services/grouped/app.py": STOREFRONT.replace("storefront.", "grouped."),
    "services/grouped/service.toml": 'route = "/grouped"\ncalls = ["cart"]\n',
    "services/storefront/app.py": STOREFRONT,
    "services/storefront/service.toml": 'route = "/"\ncalls = ["cart"]\nthreads = 1\n',
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Iterator[SiteUnderTest]:
    """A site whose pages have fragments of the same neighbour, two ways."""
    with ended(tmp_path_factory.mktemp("pages") / "site") as site:
        site.write(FILES)
        site.up()
        yield site


@pytest.mark.parametrize("start", ["", "/grouped"])
def test_a_page_of_own_and_other_fragments(pages, start):
    """Its own ones also where one view runs at once; those of one page meet."""
    text = pages.get(f"{start}/").text

    assert "<header><nav>NAME</nav></header>" in text
    assert '<div id="cart"><b>1 of ' in text
    assert "".join(f"<i>{n}</i>" for n in range(4)) in text
    assert "gw-fragment" not in text


@pytest.mark.parametrize("start", ["", "/grouped"])
def test_a_page_whose_fragments_fail(pages, start):
    """The block stands in, what hangs is missed, and who develops is told."""
    answer = pages.get(f"{start}/broken")

    assert answer.status == 200
    assert answer.text.startswith("<p>no cart</p><p><span")
    assert "[cart.hangs is missing]" in answer.text


@pytest.mark.parametrize("start", ["", "/grouped"])
def test_a_page_whose_primary_fragment_fails(pages, start):
    """It has the status of a call that failed."""
    assert pages.get(f"{start}/primary").status == 502


def test_sessions_of_neighbours_go_through_pages(pages):
    """A fragment that counts in its own session counts on, on whatever page it is."""
    first = pages.get("/")
    cookies = [c.partition(";")[0] for c in first.headers.get_all("Set-Cookie")]
    (own,) = [c for c in cookies if c.startswith("cart_session=")]

    assert "<b>2 of " in pages.get("/", headers={"Cookie": own}).text


def test_a_fragment_alone_is_framed_for_a_browser(pages):
    """For its navigation alone: scripts get the piece."""
    pages.get("/")
    opened = pages.get("/cart/mini", headers={"Sec-Fetch-Dest": "document"}).text
    fetched = pages.get("/cart/mini", headers={"Sec-Fetch-Dest": "empty"}).text
    htmx = {"Sec-Fetch-Dest": "document", "HX-Request": "true"}

    assert opened.startswith("<!doctype html>")
    assert "<title>cart.mini</title>" in opened
    assert fetched.startswith("<b>")
    assert pages.get("/cart/mini", headers=htmx).text.startswith("<b>")


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_script_refreshes_a_fragment(pages):
    """Through the gateway, with the session that the page has given it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            page = browser.new_page()
            page.goto(pages.url)
            assert page.locator("#cart b").inner_text().startswith("1 of ")
            page.get_by_role("button").click()
            expect(page.locator("#cart b")).to_contain_text("2 of ")
            page.goto(f"{pages.url}/cart/mini")
            expect(page).to_have_title("cart.mini")
        finally:
            browser.close()
