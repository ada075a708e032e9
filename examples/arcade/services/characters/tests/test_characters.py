"""The characters, with a server that speaks as DynamoDB does."""

from uuid import uuid4

import pytest
from characters.app import level
from flask.testing import FlaskClient

from glassware.testing import Services, SiteDatabases


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> FlaskClient:
    """Return a client of the application."""
    return service("characters").client


@pytest.fixture
def player() -> str:
    """Return somebody new."""
    return f"test-{uuid4().hex[:8]}"


def test_a_moth_is_hatched_once(client: FlaskClient, player: str) -> None:
    """To choose it again takes nothing from it."""
    first = client.put(f"/moths/{player}/luna")
    client.put(f"/moths/{player}/luna/matches/m1", json={"score": 100, "caught": 9})
    again = client.put(f"/moths/{player}/luna")
    client.put(f"/moths/{player}/hawk")
    assert first.json["experience"] == 0
    assert again.json["experience"] == 14
    moths = client.get(f"/moths/{player}").json["moths"]
    assert sorted(moth["kind"] for moth in moths) == ["hawk", "luna"]


def test_a_match_is_rewarded_once(client: FlaskClient, player: str) -> None:
    """Experience and what was found come together, or not at all."""
    client.put(f"/moths/{player}/luna")
    told = {"score": 400, "caught": 25}
    for _ in range(3):
        path = f"/moths/{player}/luna/matches/m1"
        moth = client.put(path, json=told).json
    assert moth["earned"] == moth["experience"] == 45
    assert moth["level"] == level(45) == 2
    assert [item["match"] for item in moth["inventory"]] == ["m1"]


def test_few_sparks_bring_no_charm(client: FlaskClient, player: str) -> None:
    """A moth carries what it has earned."""
    client.put(f"/moths/{player}/tiger")
    told = {"score": 400, "caught": 19}
    moth = client.put(f"/moths/{player}/tiger/matches/m1", json=told).json
    assert moth["inventory"] == []


def test_levels_take_longer_and_longer() -> None:
    """20 for the first, then 60 more, then 100."""
    assert [level(e) for e in (0, 19, 20, 79, 80, 179, 180)] == [1, 1, 2, 2, 3, 3, 4]


def test_there_are_three_kinds(client: FlaskClient, player: str) -> None:
    """Others are not hatched."""
    assert client.put(f"/moths/{player}/owl").status_code == 404
    assert client.get(f"/moths/{player}").json == {"moths": []}
