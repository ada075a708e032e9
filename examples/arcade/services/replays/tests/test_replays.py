"""The replays, with a real MongoDB."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from replays import store
from replays.judge import judge

from glassware.testing import Services, SiteDatabases


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> FlaskClient:
    """Return a client of the application."""
    return service("replays").client


@pytest.fixture
def match() -> str:
    """Return a match that nobody has played."""
    return f"test-{uuid4()}"


def played(**change: Any) -> dict[str, Any]:
    """Return what is known of a match that was played."""
    moves = [[10, 1], [60, 2]]
    played = {"player": "ada", "kind": "luna", "seed": 7, "at": 1.5, "moves": moves}
    return played | change


def test_a_match_is_judged_and_kept(client: FlaskClient, match: str) -> None:
    """With its moves, and what they come to, whatever somebody claims."""
    answer = client.put(f"/replays/{match}", json=played(score=1_000_000))
    assert answer.status_code == 200
    kept = client.get(f"/replays/{match}").json
    assert kept == answer.json
    assert kept["score"] == judge(7, "luna", [[10, 1], [60, 2]]).score
    assert kept["moves"] == [[10, 1], [60, 2]]


def test_the_first_moves_count(client: FlaskClient, match: str) -> None:
    """Nobody mends a match; to send it again changes nothing."""
    first = client.put(f"/replays/{match}", json=played()).json
    second = client.put(f"/replays/{match}", json=played(moves=[[0, 8]]))
    assert (second.status_code, second.json) == (200, first)


@pytest.mark.parametrize(
    "change", [{"moves": [[0, 99]]}, {"moves": 3}, {"kind": "owl"}]
)
def test_a_foul_is_not_kept(
    client: FlaskClient, match: str, change: dict[str, Any]
) -> None:
    """It is refused instead."""
    assert client.put(f"/replays/{match}", json=played(**change)).status_code == 422
    assert client.get(f"/replays/{match}").status_code == 404


def test_the_newest_come_first(client: FlaskClient) -> None:
    """Without the moves, which are the most of a replay."""
    names = [f"test-{uuid4()}" for _ in range(6)]
    for at, name in enumerate(names):
        client.put(f"/replays/{name}", json=played(at=4e9 + at))
    page = client.get("/latest").text
    assert re.findall('href="/watch/([^"]+)"', page) == names[:0:-1]
    assert ">ada</a>" in page
    assert "ada" not in client.get("/latest", query_string={"hidden": "ada"}).text
    assert not any("moves" in replay for replay in store.latest(9))
