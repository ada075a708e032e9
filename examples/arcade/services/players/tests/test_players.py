"""The players, with a real PostgreSQL."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from glassware import databases
from glassware.testing import Services, Site


@pytest.fixture
def client(service: Services, site: Site) -> FlaskClient:
    """Return a client of the application."""
    return service("players").client


@pytest.fixture
def ada() -> dict[str, str]:
    """Return a name that nobody has, and a password."""
    return {"name": f"ada-{uuid4().hex[:8]}", "password": "analytical"}


def test_a_name_that_nobody_has_is_given(
    client: FlaskClient, ada: dict[str, str]
) -> None:
    """And only as a hash is its password kept."""
    entered = client.post("/players", json=ada)
    assert entered.status_code == 201
    assert entered.json.keys() == {"name", "best", "since"}
    assert client.get(f"/players/{ada['name']}").json == entered.json
    with databases.main.connection() as connection:
        query = "select password_hash from player where name = %s"
        row = connection.execute(query, [ada["name"]]).fetchone()
    assert row[0].startswith("scrypt:")


def test_a_name_is_its_owners(client: FlaskClient, ada: dict[str, str]) -> None:
    """In any spelling, and with the right password only."""
    client.post("/players", json=ada)
    again = client.post("/players", json=ada | {"name": ada["name"].upper()})
    other = client.post("/players", json=ada | {"password": "difference"})
    assert (again.status_code, again.json["name"]) == (200, ada["name"])
    assert (other.status_code, other.json["errors"].keys()) == (403, {"password"})


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": "a"}, {"name"}),
        ({"name": "-ada"}, {"name"}),
        ({"name": "ada lovelace"}, {"name"}),
        ({"name": "a" * 17, "password": "short"}, {"name", "password"}),
        ({"name": None, "password": None}, {"password"}),
    ],
)
def test_every_mistake_is_named_at_once(
    client: FlaskClient, ada: dict[str, str], change: dict[str, str], wrong: set[str]
) -> None:
    """A form can show each beside its field."""
    answer = client.post("/players", json=ada | change)
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == wrong


def test_the_best_score_only_rises(client: FlaskClient, ada: dict[str, str]) -> None:
    """However often, and in whatever order, scores are told."""
    client.post("/players", json=ada)
    for score in (1_000_000, 20, 1_000_000):
        answer = client.put(f"/players/{ada['name']}/best", json={"score": score})
        assert answer.json["best"] == 1_000_000
    best = client.get("/players").json["best"]
    assert ada["name"] in [player["name"] for player in best]
    assert [p["best"] for p in best] == sorted((p["best"] for p in best), reverse=True)


def test_nobody_is_a_404(client: FlaskClient) -> None:
    """Also where a score is told of somebody unknown."""
    assert client.get("/players/nobody-here").status_code == 404
    answer = client.put("/players/nobody-here/best", json={"score": 1})
    assert answer.status_code == 404
