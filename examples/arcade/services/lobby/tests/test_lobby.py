"""The lobby, with a real Valkey."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from lobby import store

from glassware import databases
from glassware.testing import Services, SiteDatabases


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> FlaskClient:
    """Return a client of the application, in an empty lobby."""
    lobby = service("lobby").client
    databases.main.flushdb()
    return lobby


@pytest.fixture
def player() -> str:
    """Return somebody new."""
    return f"test-{uuid4().hex[:8]}"


def begin(client: FlaskClient, player: str) -> Any:
    """Begin a round."""
    return client.post("/rounds", json={"player": player, "kind": "luna"})


def test_who_was_seen_is_here(client: FlaskClient, player: str) -> None:
    """And plays, from the beginning of a round to its end."""
    client.put(f"/here/{player}")
    page = client.get("/here").text
    assert f">{player}</a>" in page
    assert "plays" not in page
    given = begin(client, player).json
    assert "plays" in client.get("/here").text
    client.put(f"/rounds/{given['id']}/score", json={"score": 10})
    assert "plays" not in client.get("/here").text
    assert player not in client.get("/here", query_string={"hidden": player}).text


def test_who_was_not_seen_for_long_is_gone(client: FlaskClient, player: str) -> None:
    """Nobody has to say goodbye."""
    databases.main.zadd("here", {player: 1_000_000_000})
    databases.main.zadd("playing", {player: 1_000_000_000})
    assert "Nobody" in client.get("/here").text


def test_rounds_differ(client: FlaskClient, player: str) -> None:
    """Each has a number that decides what comes down, and is soon forgotten."""
    first, second = begin(client, player).json, begin(client, player).json
    assert first["id"] != second["id"]
    assert first["seed"] != second["seed"]
    kept = client.get(f"/rounds/{first['id']}").json
    assert 0 <= kept.pop("age") < 30
    assert kept == first
    assert 0 < databases.main.ttl(f"round:{first['id']}") <= 600
    assert client.get("/rounds/0123456789abcdef").status_code == 404


def test_nobody_begins_too_many(client: FlaskClient, player: str) -> None:
    """A minute has so many, and others are not hindered."""
    answers = [begin(client, player).status_code for _ in range(store.STARTS + 1)]
    assert answers == [201] * store.STARTS + [429]
    assert 0 < databases.main.ttl(f"starts:{player}") <= 60
    assert begin(client, f"{player}-2").status_code == 201


def test_the_best_of_today(client: FlaskClient, player: str) -> None:
    """The best of each player, the best player first."""
    for name, score in ((player, 30), (player, 20), (f"{player}-2", 40)):
        number = begin(client, name).json["id"]
        client.put(f"/rounds/{number}/score", json={"score": score})
    assert store.top() == [
        {"player": f"{player}-2", "score": 40},
        {"player": player, "score": 30},
    ]
    page = client.get("/top", query_string={"hidden": player}).text
    assert page.index(f">{player}-2</a>") < page.index("(hidden)")
    assert f">{player}</a>" not in page
