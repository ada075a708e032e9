"""The matches, with a real Cassandra."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from glassware.testing import Services, Site


# 1 February 2001, at noon; nobody has played on that day.
NOON = 981_028_800


@pytest.fixture
def client(service: Services, site: Site) -> FlaskClient:
    """Return a client of the application."""
    return service("matches").client


def play(client: FlaskClient, match: str, **change: Any) -> None:
    """Keep a match."""
    played = {"player": "ada", "kind": "luna", "score": 10, "caught": 3, "at": NOON}
    answer = client.put(f"/matches/{match}", json=played | change)
    assert answer.status_code == 204


def test_a_player_has_the_newest_first(client: FlaskClient) -> None:
    """That is how they lie on the disk."""
    player = f"test-{uuid4().hex[:8]}"
    names = [uuid4().hex for _ in range(3)]
    for at, name in enumerate(names):
        play(client, name, player=player, at=NOON + at)
    found = client.get(f"/players/{player}").json
    assert [match["match"] for match in found["matches"]] == names[::-1]
    assert found["matches"][0]["at"] == "2001-02-01T12:00:02+00:00"
    assert found["total"] == {"matches": 3, "caught": 9}


def test_a_day_has_the_best_first(client: FlaskClient) -> None:
    """And no other day's."""
    names = [uuid4().hex for _ in range(3)]
    for score, name in zip((20, 40, 30), names, strict=True):
        play(client, name, score=score, at=NOON + 86_400 * 7)
    play(client, uuid4().hex, at=NOON + 86_400 * 8)
    found = client.get("/days/2001-02-08").json["matches"]
    assert [match["score"] for match in found][:3] == [40, 30, 20]
    assert {match["match"] for match in found} >= set(names)


def test_a_match_counts_once(client: FlaskClient) -> None:
    """However often it is told."""
    player, match = f"test-{uuid4().hex[:8]}", uuid4().hex
    before = client.get("/total").json["matches"]
    for _ in range(3):
        play(client, match, player=player)
    found = client.get(f"/players/{player}").json
    assert [each["match"] for each in found["matches"]] == [match]
    assert found["total"] == {"matches": 1, "caught": 3}
    assert client.get("/total").json["matches"] == before + 1


def test_who_never_played_has_nothing(client: FlaskClient) -> None:
    """Which is no mistake."""
    nothing = {"matches": [], "total": {"matches": 0, "caught": 0}}
    assert client.get("/players/nobody-at-all").json == nothing
