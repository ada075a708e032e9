"""The example site: five services, three databases, one website, a real browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from glassware.engines import find
from glassware.engines.fetch import fetch
from sites import SiteUnderTest, ended
from website.chromium import CHROMIUM, OPTIONS


SHOP = Path(__file__).parents[2] / "examples/shop"
PRODUCT = "/product/heron-rose"
TESTED = "tests/test_catalog.py"
PASSWORD = "a long enough password"
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
BROKEN = {
    "cart": ("every page", "out of reach"),
    "accounts": ("/", "Accounts cannot be reached"),
    "reviews": (PRODUCT, "Reviews cannot be reached"),
}
"""Where one sees that a service is away, and what is said of it there."""

pytestmark = pytest.mark.timeout(240)
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module", params=["apart", "grouped"])
def shop(request, tmp_path_factory) -> Iterator[SiteUnderTest]:
    """The example site, running with databases of its own; three share a process."""
    fetch(find("mongodb").package, lambda progress: None)
    with ended(tmp_path_factory.mktemp(request.param) / "shop") as site:
        copied(site)
        if request.param == "grouped":
            manifest = site.folder / "site.toml"
            said = manifest.read_text().replace("# [", "[").replace("# web", "web")
            manifest.write_text(said)
        site.up()
        groups = {s["group"] for s in site.snapshot()["services"]}
        assert groups == ({"", "web"} if request.param == "grouped" else {""})
        yield site


def copied(site: SiteUnderTest) -> None:
    """Copy the example into the folder of a site."""
    ignored = shutil.ignore_patterns(".glassware", "__pycache__")
    shutil.copytree(SHOP, site.folder, ignore=ignored, dirs_exist_ok=True)


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


def fill_in(page: Page, button: str, **fields: str) -> None:
    """Fill in a form, and send it."""
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    page.locator("main").get_by_role("button", name=button, exact=True).click()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_visitor_of_one_website(shop):
    """Signed in at one service, known to four, and signed out of all of them."""
    ada = {"E-mail_address": "ada@example.org", "Password": PASSWORD}
    stock = f"http://admin.localhost:{shop.url.rpartition(':')[2]}/stock"
    with chromium() as browser:
        page = visit(browser, shop.url + PRODUCT, "desktop", "light")
        count = page.locator(".main .count")

        # The cart of a guest is that of the account, afterwards.
        fill_in(page, "Add to cart")
        expect(page.locator(".flash")).to_contain_text("Heron is in your cart")
        expect(count).to_contain_text("1")
        page.get_by_role("link", name="Sign in").last.click()
        page.get_by_role("link", name="Open an account").click()
        fill_in(page, "Open the account", Name="Ada", **ada)
        expect(page).to_have_url(shop.url + PRODUCT)
        expect(page.locator(".flash")).to_have_text("Welcome, Ada.")
        expect(count).to_contain_text("1")

        # The reviews know who writes, and what they say is shown by the storefront.
        fill_in(page, "Send", **{"What_do_you_think_of_it?": "Holds <water>."})
        expect(page.locator(".flash")).to_contain_text("Others will read that")
        expect(page.locator(".reviews article")).to_contain_text("Ada,")
        expect(page.locator(".reviews article")).to_contain_text("Holds <water>.")

        page.get_by_role("link", name="Cart").click()
        picture = page.locator(".lines img")
        assert picture.evaluate("image => image.decode().then(() => image.width)")
        page.get_by_label("Pieces of Heron").fill("2")
        page.get_by_role("button", name="Update").click()
        expect(count).to_contain_text("2")

        # Who runs the shop does so on another host, and signs in there.
        granted = ("run", "accounts", "--", "python", "-m", "accounts.grant")
        assert not shop.run(*granted, "ada@example.org", "admin").returncode
        page.goto(stock)
        fill_in(page, "Sign in", **ada)
        expect(page).to_have_url(stock)
        first = page.locator(".stock form").first
        first.get_by_role("spinbutton").fill("7")
        first.get_by_role("button").click()
        expect(page.locator(".flash")).to_contain_text("7 of ")

        page.goto(f"{shop.url}/account/")
        page.get_by_role("button", name="Sign out everywhere").click()
        expect(page.locator(".flash")).to_have_text("You are signed out.")
        expect(count).to_have_count(0)
        page.goto(shop.url + PRODUCT)
        expect(page.get_by_role("link", name="Sign in")).to_have_count(2)
        expect(page.locator(".reviews form")).to_have_count(0)
        page.goto(stock)
        expect(page.get_by_role("heading")).to_have_text("Sign in")

        for width in WIDTHS:
            for scheme in ("light", "dark"):
                for path in ("/", PRODUCT):
                    shown = visit(browser, shop.url + path, width, scheme)
                    wide = shown.evaluate("document.documentElement.scrollWidth")
                    assert wide <= WIDTHS[width][0]


@pytest.mark.parametrize("how", [("--down",), ("--slow", "20s"), ("--status", "500")])
def test_every_other_part_of_a_page_works(shop, how):
    """And each page says what is missing in it, whichever services they are."""
    for name in BROKEN:
        fault = shop.run("fault", "*", name, *how)
        assert not fault.returncode, fault.stderr
    broken = {path: shop.get(path) for path in ("/", PRODUCT)}
    assert not shop.run("fault", "--clear").returncode

    for path, page in broken.items():
        assert page.status == 200, path
        assert "Heron" in page.text, path
        whole = shop.get(path).text
        for place, said in BROKEN.values():
            assert (said in page.text) == (place in {path, "every page"}), said
            assert said not in whole


def test_a_broken_save_is_missing_until_it_is_mended(shop):
    """A view that raises is no error of the pages that it is on, and no other is."""
    file = shop.folder / "services/cart/cart/app.py"
    whole = file.read_text()
    counted = "    count = sum("
    assert counted in whole
    file.write_text(whole.replace(counted, f"    1 / 0\n{counted}"))
    shop.until(lambda: "out of reach" in shop.get("/account/sign-in").text, "fault")
    home = shop.get("/").text
    assert "Heron" in home
    assert "cannot be" not in home
    file.write_text(whole)
    shop.until(lambda: "out of reach" not in shop.get("/account/sign-in").text, "cart")


def test_the_shop_is_one_site_of_five_services(shop):
    """What is for neighbours alone is not public; errors have the site's look.

    The tests of the others run with these, from the folder of the whole example.
    """
    phases = {s["name"]: s["phase"] for s in shop.snapshot()["services"]}
    html = {"headers": {"Accept": "text/html"}}
    checked = shop.run("run", "catalog", "--", "python", "-m", "pytest", "-q", TESTED)

    assert set(phases.values()) == {"running"}
    assert phases.keys() == {
        *("accounts", "cart", "catalog", "layout", "reviews", "storefront")
    }
    assert shop.get("/api/catalog/products").json()["total"] >= 200
    assert shop.get("/product/nothing", **html).text.count("An empty shelf") == 2
    assert shop.get("/sitemap.xml").text.count("<loc>") > 200
    for path in ("/cart/popular", "/api/catalog/stock", "/stock"):
        assert shop.get(path).status == 404, path
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}"
    assert "skipped" not in checked.stdout


def test_whoever_says_no_has_a_shop_without_reviews(site, tmp_path, monkeypatch):
    """Nothing was fetched: every page is there, and one says what it does without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copied(site)
    site.up()

    page = site.get(PRODUCT)

    assert page.status == 200
    assert "Heron" in page.text
    assert "Reviews cannot be reached" in page.text
    assert "glassware install" in site.log.read_text()
    assert site.service("reviews")["phase"] == "waiting"
