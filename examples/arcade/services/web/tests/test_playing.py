"""Playing, with fakes for the neighbours."""

from typing import Any

import pytest
from werkzeug.test import Client

from glassware import Unavailable
from glassware.testing import Service


MOVES = {"moves": [[3, 1], [9, 0]]}
TOLD = {"players", "characters", "matches", "lobby"}


def test_a_round_comes_from_the_lobby(ada: Client, neighbours: Any) -> None:
    """With the number that decides what comes down."""
    answer = ada.post("/play")
    assert answer.headers["Location"] == "/play/r1"
    page = ada.get("/play/r1").text
    assert '"seed": 7' in page
    assert '"level": 3' in page
    asked = neighbours.fakes["lobby"].calls
    assert {"player": "ada", "kind": "luna"} in [
        call.json for call in asked if call.body
    ]


def test_everybody_is_told_what_the_judge_says(ada: Client, neighbours: Any) -> None:
    """And nobody what the browser says."""
    said = ada.post("/play/r1", json=MOVES | {"score": 9999}).json
    assert said["score"] == 120
    assert said["kept"] == dict.fromkeys((*TOLD, "replays"), True)
    assert said["moth"]["level"] == 3
    for name in TOLD:
        told = [call.json for call in neighbours.fakes[name].calls if call.body]
        assert told[-1]["score"] == 120


@pytest.mark.parametrize("name", sorted(TOLD - {"lobby"}))
def test_who_is_away_is_told_later(ada: Client, neighbours: Any, name: str) -> None:
    """The others are told now; the page asks again."""
    neighbours.take_away(name)
    answer = ada.post("/play/r1", json=MOVES)
    assert answer.status_code == 200
    assert answer.json["kept"] == dict.fromkeys((*TOLD, "replays"), True) | {
        name: False
    }


@pytest.mark.parametrize("name", ["lobby", "replays"])
def test_without_lobby_or_judge_a_night_has_to_wait(
    ada: Client, neighbours: Any, name: str
) -> None:
    """Nothing is told to anybody."""
    neighbours.take_away(name)
    with pytest.raises(Unavailable):
        ada.post("/play/r1", json=MOVES)
    assert not [c for c in neighbours.fakes["matches"].calls if c.method == "PUT"]


def test_a_night_takes_its_time(ada: Client, neighbours: Any) -> None:
    """Nobody ends it early."""
    early = {
        "id": "r1",
        "seed": 7,
        "player": "ada",
        "kind": "luna",
        "at": 5.0,
        "age": 9.0,
    }
    neighbours.fakes["lobby"].get("/rounds/r1", json=early)
    assert ada.post("/play/r1", json=MOVES).status_code == 409


def test_a_foul_is_refused(ada: Client, neighbours: Any) -> None:
    """With the status of the judge."""
    neighbours.fakes["replays"].put("/replays/r1", json={"error": "no"}, status=422)
    assert ada.post("/play/r1", json=MOVES).status_code == 422
    assert ada.post("/play/r1", json={"moves": "all"}).status_code == 400


def test_a_round_is_its_players(web: Service, neighbours: Any) -> None:
    """Nobody plays it in another's name, or in none."""
    client = web.client
    assert client.post("/play/r1", json=MOVES).status_code == 401
    other = {
        "id": "r1",
        "seed": 7,
        "player": "eve",
        "kind": "luna",
        "at": 5,
        "age": 31.0,
    }
    neighbours.fakes["lobby"].get("/rounds/r1", json=other)
    web.sign_in("ada")
    assert client.post("/play/r1", json=MOVES).status_code == 403
    assert client.get("/play/r1").status_code == 403
