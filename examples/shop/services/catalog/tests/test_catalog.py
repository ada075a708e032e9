"""The catalog on its own: a database that its migrations filled, and its JSON.

The database is the one of SQLALCHEMY_DATABASE_URI, or a SQLite file.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from catalog import create_app
from catalog.models import Base
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect


SERVICE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Make the application on a migrated database."""
    scratch = f"sqlite:///{tmp_path_factory.mktemp('catalog')}/catalog.db"
    with pytest.MonkeyPatch.context() as patch:
        uri = os.environ.get("SQLALCHEMY_DATABASE_URI", scratch)
        patch.setenv("SQLALCHEMY_DATABASE_URI", uri)
        command.upgrade(Config(SERVICE / "alembic.ini"), "head")
        app = create_app()
        yield app
        app.extensions["engine"].dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client for it."""
    return app.test_client()


def products(client: FlaskClient, **query: Any) -> dict[str, Any]:
    """Search, and return the answer."""
    answer = client.get("/products", query_string=query)
    assert answer.status_code == 200
    return answer.json


def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    """A model that changes without a migration is noticed here."""
    engine = app.extensions["engine"]
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0002"
        found = inspect(connection)
        for table in Base.metadata.sorted_tables:
            columns = {column["name"] for column in found.get_columns(table.name)}
            assert columns == set(table.columns.keys())


def test_the_range_is_large_and_distinct(client: FlaskClient) -> None:
    """There are 200 products or more, and each has an address of its own."""
    total = products(client)["total"]
    slugs = [
        item["slug"]
        for page in range(1, 4)
        for item in products(client, size=100, page=page)["items"]
    ]
    assert total >= 200
    assert len(slugs) == len(set(slugs)) == total


def test_pages_divide_the_range(client: FlaskClient) -> None:
    """Page two goes on where page one ended; beyond the last there is nothing."""
    first, second = (products(client, size=10, page=page) for page in (1, 2))
    both = products(client, size=20)
    assert first["items"] + second["items"] == both["items"]
    assert products(client, size=10, page=first["pages"])["items"]
    assert products(client, size=10, page=first["pages"] + 1)["items"] == []


def test_every_word_of_a_search_must_be_found(client: FlaskClient) -> None:
    """Words look into name, colour, category and description, in any case."""
    found = products(client, q="RUBY bottle")["items"]
    assert "signal-bottle-ruby" in {item["slug"] for item in found}
    assert all(item["colour"]["slug"] == "ruby" for item in found)
    assert products(client, q="ruby zeppelin")["total"] == 0


@pytest.mark.parametrize("words", ["%", "_", "100%", "'", "\\"])
def test_signs_of_sql_are_plain_characters(client: FlaskClient, words: str) -> None:
    """Searching for `%` does not find everything."""
    assert products(client, q=words)["total"] < products(client)["total"]


def test_filters_work_together(client: FlaskClient) -> None:
    """A category and a colour leave what is both."""
    found = products(client, category="vases", colour="coral")
    assert found["total"] > 0
    for item in found["items"]:
        assert item["category"]["slug"] == "vases"
        assert item["colour"]["name"] == "Coral"


@pytest.mark.parametrize(("order", "backwards"), [("price", False), ("-price", True)])
def test_orders_by_price(client: FlaskClient, order: str, backwards: bool) -> None:
    """Cheapest or dearest first."""
    prices = [item["price"] for item in products(client, order=order, size=50)["items"]]
    assert prices == sorted(prices, reverse=backwards)


def test_several_by_their_slugs(client: FlaskClient) -> None:
    """The cart asks for all of its products at once; unknown ones are left out."""
    slugs = ["fen-tumbler-clear", "heron-rose", "gone"]
    found = products(client, slug=slugs)["items"]
    assert {item["slug"] for item in found} == {"fen-tumbler-clear", "heron-rose"}


def test_some_are_featured(client: FlaskClient) -> None:
    """The home page has a handful to show."""
    assert 6 <= products(client, featured=1)["total"] <= 12


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999",
        "size=1000",
        "order=id",
        "q=%00",
    ],
)
def test_a_bad_query_is_answered_with_what_is_wrong(
    client: FlaskClient, query: str
) -> None:
    """Never an error of the database."""
    answer = client.get(f"/products?{query}")
    assert answer.status_code == 400
    assert answer.json["error"]


def test_a_product_knows_its_siblings(client: FlaskClient) -> None:
    """One page can offer the other colours of the design."""
    product = client.get("/products/heron-rose").json
    assert product["name"] == "Heron"
    assert product["price"] > client.get("/products/heron-clear").json["price"]
    assert "heron-rose" in {item["slug"] for item in product["siblings"]}
    assert len(product["siblings"]) > 1


def test_an_unknown_product_is_a_404_in_json(client: FlaskClient) -> None:
    """Also for a slug that no database would take."""
    for slug in ("nothing", "%00"):
        answer = client.get(f"/products/{slug}")
        assert (answer.status_code, answer.json) == (404, {"error": "not found"})


def test_categories_count_their_products(client: FlaskClient) -> None:
    """The counts add up to the whole range."""
    categories = client.get("/categories").json
    assert (
        sum(category["count"] for category in categories) == products(client)["total"]
    )
    assert all(category["picture"]["outline"] for category in categories)


def test_links_are_made_for_where_the_service_is_mounted(client: FlaskClient) -> None:
    """Below `/api/catalog` the index links to `/api/catalog/products`."""
    index = client.get("/", environ_overrides={"SCRIPT_NAME": "/api/catalog"}).json
    assert index["products"] == "http://localhost/api/catalog/products"
