"""The players, with a real PostgreSQL."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from glassware import databases
from glassware.testing import Services, SiteDatabases


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> FlaskClient:
    """Return a browser."""
    return service("players").client


@pytest.fixture
def ada() -> dict[str, str]:
    """Return a name that nobody has, and a password."""
    return {"name": f"ada-{uuid4().hex[:8]}", "password": "analytical"}


def test_a_name_that_nobody_has_is_given(
    client: FlaskClient, ada: dict[str, str]
) -> None:
    """And only as a hash is its password kept."""
    entered = client.post("/enter", data=ada)
    assert (entered.status_code, entered.location) == (303, "/moths")
    assert f">{ada['name']}</a>" in client.get("/enter").text
    assert client.get(f"/players/{ada['name']}").json["best"] == 0
    with databases.main.connection() as connection:
        query = "select password_hash from player where name = %s"
        row = connection.execute(query, [ada["name"]]).fetchone()
    assert row[0].startswith("scrypt:")


def test_a_name_is_its_owners(client: FlaskClient, ada: dict[str, str]) -> None:
    """In any spelling, and with the right password only."""
    client.post("/enter", data=ada)
    client.post("/leave")
    other = client.post("/enter", data=ada | {"password": "difference"})
    assert other.status_code == 403
    assert "and another password" in other.text
    assert ada["name"] not in client.get("/enter").text
    again = client.post("/enter?next=/lobby", data=ada | {"name": ada["name"].upper()})
    assert (again.status_code, again.location) == (303, "/lobby")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": "a"}, {"name"}),
        ({"name": "-ada"}, {"name"}),
        ({"name": "ada lovelace"}, {"name"}),
        ({"name": "a" * 17, "password": "short"}, {"name", "password"}),
        ({"password": ""}, {"password"}),
    ],
)
def test_every_mistake_is_named_at_once(
    client: FlaskClient, ada: dict[str, str], change: dict[str, str], wrong: set[str]
) -> None:
    """Each beside its field."""
    answer = client.post("/enter", data=ada | change)
    assert answer.status_code == 422
    assert {name for name in ada if f'id="{name}-error"' in answer.text} == wrong


def test_a_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    """And nobody frames it."""
    policy = client.get("/enter").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")


def test_the_best_score_only_rises(client: FlaskClient, ada: dict[str, str]) -> None:
    """However often, and in whatever order, scores are told."""
    client.post("/enter", data=ada)
    for score in (1_000_000, 20, 1_000_000):
        answer = client.put(f"/players/{ada['name']}/best", json={"score": score})
        assert answer.json["best"] == 1_000_000
    page = client.get("/best").text
    assert f">{ada['name']}</a>" in page
    assert ">1000000<" in page
    hidden = client.get("/best", query_string={"hidden": ["eve", ada["name"]]}).text
    assert ada["name"] not in hidden
    assert "(hidden)" in hidden


def test_nobody_is_a_404(client: FlaskClient) -> None:
    """Also where a score is told of somebody unknown."""
    assert client.get("/players/nobody-here").status_code == 404
    answer = client.put("/players/nobody-here/best", json={"score": 1})
    assert answer.status_code == 404
