"""The pages, with fakes for the neighbours."""

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient


MISSING = [
    ("cart", "/", "out of reach"),
    ("cart", "/product/heron-rose", "The cart is out of reach"),
    ("accounts", "/", "Accounts cannot be reached"),
    ("reviews", "/product/heron-rose", "Reviews cannot be reached"),
]


def body(client: FlaskClient, path: str, status: int = 200) -> str:
    """Return the page at `path`."""
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    return answer.text


def test_home_is_put_together_from_three_neighbours(client: FlaskClient) -> None:
    """Products and categories, what is popular, and how many have an account."""
    page = body(client, "/")
    assert "Heron" in page
    assert "On one leg." in page
    assert "In other people" in page
    assert "1,234 people" in page
    assert '<span class="count">3</span>' in page
    assert 'class="away"' not in page


@pytest.mark.parametrize(("name", "path", "said"), MISSING)
def test_a_page_does_without_what_is_away(
    client: FlaskClient,
    take_away: Callable[[str], None],
    name: str,
    path: str,
    said: str,
) -> None:
    """It says so, and shows everything else."""
    assert said not in body(client, path)
    take_away(name)
    page = body(client, path)
    assert said in page
    assert "Heron" in page
    others = {other for missing, _, other in MISSING if missing != name}
    assert not any(other in page for other in others)


def test_a_product_is_shown_with_what_is_said_of_it(client: FlaskClient) -> None:
    """With price and stock; its drawing has a name for those who don't see it."""
    page = body(client, "/product/heron-rose")
    assert "€39.50" in page
    assert "12 in stock" in page
    assert "All about heron-rose" in page
    assert 'aria-label="Drawing of the Heron in rose"' in page
    assert "Only 2 left" in body(client, "/product/heron-few")


def test_a_product_goes_into_the_cart_of_another_service(client: FlaskClient) -> None:
    """Unless it is sold out."""
    assert 'action="/cart/add"' in body(client, "/product/heron-rose")
    assert "Add to cart" not in body(client, "/product/heron-gone")


def test_browsing_leads_to_the_other_pages(client: FlaskClient) -> None:
    """And keeps what was asked for."""
    page = body(client, "/shop?q=heron&colour=rose")
    assert "“heron”" in page
    assert "/shop?q=heron&amp;colour=rose&amp;page=2" in page
    assert 'aria-current="page">1<' in page


def test_nothing_found_is_said(client: FlaskClient) -> None:
    """Instead of an empty page."""
    assert "An empty shelf" in body(client, "/shop?q=zeppelin")


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere", "/product/none", "/picture/none.svg"),
        *("/shop?page=3", "/shop?page=0", "/shop?q=%00"),
    ],
)
def test_what_is_not_there_is_a_404_in_the_shop_s_look(
    client: FlaskClient, path: str
) -> None:
    """Also pages beyond the last."""
    page = body(client, path, 404)
    assert "An empty shelf" in page
    assert 'class="wordmark"' in page


def test_what_visitors_write_is_escaped(client: FlaskClient) -> None:
    """A search is no way to put markup into a page."""
    page = body(client, "/shop?q=<script>alert(1)</script>")
    assert "<script" not in page
    assert "&lt;script" in page


def test_drawings_are_well_formed(client: FlaskClient) -> None:
    """Inside a page, and as pictures for the pages of neighbours."""
    page = body(client, "/product/heron-rose")
    drawing = page[page.index('<svg class="drawing"') :]
    ET.fromstring(drawing[: drawing.index("</svg>") + 6])
    picture = client.get("/picture/heron-rose.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.cache_control.public
    assert ET.fromstring(picture.text).tag.endswith("svg")


def test_search_engines_are_told_of_each_product(client: FlaskClient) -> None:
    """By its whole address."""
    found = ET.fromstring(body(client, "/sitemap.xml"))
    urls = {url.text for url in found.iter() if url.tag.endswith("loc")}
    assert "http://localhost/product/heron-rose" in urls


def test_pages_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    """The layout says so, for all services."""
    page = body(client, "/")
    assert "default-src 'none'" in page
    assert "<script" not in page
