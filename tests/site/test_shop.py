"""The example site: five services, three databases, one page, a real browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from glassware.engines import find
from glassware.engines.fetch import fetch


SHOP = Path(__file__).parents[2] / "examples/shop"
CHROMIUM = shutil.which("chromium")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def mongodb():
    """What the reviews need is fetched, once for all tests."""
    fetch(find("mongodb").package, lambda progress: None)


@pytest.fixture(params=["apart", "grouped"])
def shop(site, request, mongodb):
    """The example site, running with databases of its own; three share a process."""
    ignored = shutil.ignore_patterns(".glassware", "__pycache__")
    shutil.copytree(SHOP, site.folder, ignore=ignored, dirs_exist_ok=True)
    if request.param == "grouped":
        manifest = site.folder / "site.toml"
        said = manifest.read_text().replace("# [", "[").replace("# web", "web")
        manifest.write_text(said)
    site.up()
    groups = {s["group"] for s in site.snapshot()["services"]}
    assert groups == ({"", "web"} if request.param == "grouped" else {""})
    return site


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, url: str, width: str, scheme: str) -> Page:
    """A page on a screen of that width, in a light or a dark scheme."""
    wide, high = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": wide, "height": high}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(url)
    return page


@pytest.mark.browser
@pytest.mark.timeout(180)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_visitor_shops(shop):
    """From the home page to an order, with an account, on both widths."""
    with chromium() as browser:
        page = visit(browser, shop.url, "desktop", "light")
        expect(page.locator("a[href^='/product/']").first).to_be_visible()
        page.goto(f"{shop.url}/register")
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("E-mail address").fill("ada@example.org")
        page.locator("input[type=password]").first.fill("a long enough password")
        page.locator("main form button").first.click()
        expect(page.get_by_text("Ada").first).to_be_visible()

        page.goto(shop.url)
        page.locator("main a[href^='/product/']").first.click()
        page.locator("main form button").first.click()
        page.get_by_label("What do you think of it?").fill("Holds water.")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".reviews article")).to_contain_text("Holds water.")
        page.goto(f"{shop.url}/cart")
        expect(page.locator("main a[href^='/product/']").first).to_be_visible()

        for width in WIDTHS:
            for scheme in ("light", "dark"):
                shown = visit(browser, shop.url, width, scheme)
                wide = shown.evaluate("document.documentElement.scrollWidth")
                assert wide <= WIDTHS[width][0]


@pytest.mark.timeout(120)
def test_the_shop_is_one_site_of_five_services(shop):
    """The catalogue is public, cart and accounts are not; tests run beside it.

    Those of the others run with these, from the folder of the whole example.
    """
    public = shop.get("/api/catalog/products").json()
    phases = {s["name"]: s["phase"] for s in shop.snapshot()["services"]}
    checked = {
        service: shop.run("run", service, "--", "python", "-m", "pytest", "-q")
        for service in ("cart", "catalog")
    }

    assert public["total"] >= 200
    assert set(phases.values()) == {"running"}
    assert set(phases) == {"accounts", "cart", "catalog", "reviews", "storefront"}
    assert shop.get("/accounts").status == 404
    assert shop.get("/carts/1").status == 404
    for service, tests in checked.items():
        assert tests.returncode == 0, f"{service}: {tests.stdout}{tests.stderr}"
        assert "skipped" not in tests.stdout, service


@pytest.mark.timeout(120)
def test_whoever_says_no_has_a_shop_without_reviews(site, tmp_path, monkeypatch):
    """Nothing was fetched: every page is there, and one says what it does without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ignored = shutil.ignore_patterns(".glassware", "__pycache__")
    shutil.copytree(SHOP, site.folder, ignore=ignored, dirs_exist_ok=True)
    site.up()
    products = site.get("/api/catalog/products").json()["items"]

    page = site.get(f"/product/{products[0]['slug']}")

    assert page.status == 200
    assert products[0]["name"] in page.text
    assert "Reviews cannot be reached" in page.text
    assert "glassware install" in site.log.read_text()
    assert site.service("reviews")["phase"] == "waiting"
