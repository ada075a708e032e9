"""Every call to a neighbour.

What only fills a place on a page is asked with `_shown`: where there is no answer, the
page is made without it. Everything else raises `glassware.CallError`, or answers as
the neighbour did where that said no.
"""

from http import HTTPStatus
from typing import Any

from flask import abort

from glassware import CallError, gather, services


Json = dict[str, Any]

# Pages do not wait long for what they can do without.
PATIENCE = 2.0


# What pages show.


def hidden() -> list[str]:
    """Return the names that lists do not show."""
    return (_shown("backoffice", "/hidden") or {}).get("hidden", [])


def player(name: str) -> Json | None:
    """Return a player."""
    return _shown("players", f"/players/{name}")


def moths(name: str) -> Json | None:
    """Return a player's moths."""
    return _shown("characters", f"/moths/{name}")


# What a game needs.


def hatch(name: str, kind: str) -> Json:
    """Return a moth of a player, which may be new."""
    return _answer(services.characters.put(f"/moths/{name}/{kind}"))


def see(name: str) -> None:
    """Note that somebody is here; if that cannot be noted, no harm is done."""
    services.lobby.put(f"/here/{name}", timeout=PATIENCE, fallback=None)


def begin(name: str, kind: str) -> Json:
    """Return a new round."""
    body = {"player": name, "kind": kind}
    return _answer(services.lobby.post("/rounds", json=body))


def round_of(number: str) -> Json:
    """Return a round."""
    return _answer(services.lobby.get(f"/rounds/{number}"))


def replay(match: str) -> Json:
    """Return a replay."""
    return _answer(services.replays.get(f"/replays/{match}"))


def judge(given: Json, moves: list[Any]) -> Json:
    """Return what the moves of a round come to, which is kept."""
    body = {key: given[key] for key in ("player", "kind", "seed", "at")}
    path = f"/replays/{given['id']}"
    return _answer(services.replays.put(path, json=body | {"moves": moves}))


def keep(given: Json, replay: Json) -> dict[str, Json | bool]:
    """Tell the others of a match. Each may be told again: that changes nothing.

    Returns:
        What each has answered; `False`: it is away, and has to be told again.
    """
    name, kind, match = given["player"], given["kind"], given["id"]
    score = {"score": replay["score"]}
    caught = score | {"caught": replay["caught"]}
    played = caught | {"player": name, "kind": kind, "at": given["at"]}
    orders = {
        "players": (f"/players/{name}/best", score),
        "characters": (f"/moths/{name}/{kind}/matches/{match}", caught),
        "matches": (f"/matches/{match}", played),
        "lobby": (f"/rounds/{match}/score", score),
    }
    answers = gather(*(_order(to, *order) for to, order in orders.items()))
    return dict(zip(orders, answers, strict=True))


def _order(neighbour: str, path: str, body: Json) -> Any:
    def put() -> Json | bool:
        try:
            answer = services[neighbour].put(path, json=body, timeout=2 * PATIENCE)
            answer.raise_for_status()
        except CallError:
            return False
        return answer.json() if answer.content else True

    return put


def _shown(neighbour: str, path: str) -> Json | None:
    answer = services[neighbour].get(path, timeout=PATIENCE, fallback=None)
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return {}
    return answer.raise_for_status().json()


def _answer(answer: Any) -> Json:
    if 400 <= answer.status_code < 500:
        abort(answer.status_code)
    return answer.raise_for_status().json()
