"""The matches, with a real Cassandra."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from matches import store

from glassware.testing import Services, SiteDatabases


# 1 February 2001, at noon; nobody has played on that day.
NOON = 981_028_800


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> FlaskClient:
    """Return a client of the application."""
    return service("matches").client


def play(client: FlaskClient, match: str, **change: Any) -> None:
    """Keep a match."""
    played = {"player": "ada", "kind": "luna", "score": 10, "caught": 3, "at": NOON}
    answer = client.put(f"/matches/{match}", json=played | change)
    assert answer.status_code == 204


def shown(page: str) -> list[str]:
    """Return the matches that a page leads to."""
    return re.findall('href="/watch/([^"]+)"', page)


def test_a_player_has_the_newest_first(client: FlaskClient) -> None:
    """That is how they lie on the disk."""
    player = f"test-{uuid4().hex[:8]}"
    names = [uuid4().hex for _ in range(3)]
    for at, name in enumerate(names):
        play(client, name, player=player, at=NOON + at)
    page = client.get(f"/players/{player}").text
    assert shown(page) == names[::-1]
    assert 'datetime="2001-02-01T12:00:02Z"' in page
    assert "3 in all, 9 sparks caught" in page


def test_a_day_has_the_best_first(client: FlaskClient) -> None:
    """And no other day's."""
    names = [uuid4().hex for _ in range(3)]
    for score, name in zip((20, 40, 30), names, strict=True):
        play(client, name, score=score, at=NOON + 86_400 * 7)
    play(client, uuid4().hex, at=NOON + 86_400 * 8)
    page = client.get("/days/2001-02-08").text
    assert shown(page) == [names[1], names[2], names[0]]
    assert "ada" in page
    assert "ada" not in client.get("/days/2001-02-08?hidden=ada").text


def test_a_match_counts_once(client: FlaskClient) -> None:
    """However often it is told."""
    player, match = f"test-{uuid4().hex[:8]}", uuid4().hex
    before = store.total()["matches"]
    for _ in range(3):
        play(client, match, player=player)
    page = client.get(f"/players/{player}").text
    assert shown(page) == [match]
    assert "1 in all, 3 sparks caught" in page
    assert store.total()["matches"] == before + 1
    assert "so far" in client.get("/total").text


def test_who_never_played_has_nothing(client: FlaskClient) -> None:
    """Which is no mistake."""
    assert "None yet" in client.get("/players/nobody-at-all").text
