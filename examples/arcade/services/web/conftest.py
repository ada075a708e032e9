"""The neighbours as the pages need them: six fakes, which a test can take away."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from werkzeug.test import Client

from glassware.testing import Fake, Service, Services


ROUND = {"id": "r1", "seed": 7, "player": "ada", "kind": "luna", "at": 5.0, "age": 31.0}
VERDICT = {"score": 120, "caught": 9, "hits": 2, "streak": 6}
REPLAY = ROUND | VERDICT | {"match": "r1", "moves": [[3, 1], [9, 0]]}
MOTH = {
    "kind": "luna",
    "level": 3,
    "experience": 81,
    "inventory": [{"charm": "a pearl"}],
}
ADA = {"name": "ada", "best": 120, "since": "2026-01-02"}


class Neighbours:
    """The six fakes.

    Attributes:
        fakes: Each by its name.
    """

    def __init__(self, service: Services, fake: Any, ending: ExitStack) -> None:
        self._service = service
        self._ending = ending
        names = ("backoffice", "characters", "lobby", "matches", "players", "replays")
        self.fakes: dict[str, Fake] = {name: fake(name) for name in names}
        self._shown()
        self._playing()

    def take_away(self, name: str) -> None:
        """Let nobody be there for the rest of the test."""
        fault = self._service.fault("web", name, down=True)
        self._ending.enter_context(fault)

    def _shown(self) -> None:
        fakes = self.fakes
        fakes["backoffice"].get("/hidden", json={"hidden": ["eve"]})
        fakes["backoffice"].get("/news", text="The lamps are lit")
        fakes["lobby"].get("/top", text="the best of today")
        fakes["lobby"].get("/here", text="who is here")
        fakes["lobby"].put("/here/<name>", lambda call, name: ("", 204))
        fakes["players"].get("/best", text="the best ever")
        fakes["players"].get("/players/ada", json=ADA)
        fakes["players"].get("/players/eve", json=ADA | {"name": "eve"})
        fakes["players"].get("/players/bob", json={}, status=404)
        fakes["characters"].get("/moths/<name>", lambda call, name: {"moths": [MOTH]})
        fakes["matches"].get("/total", text="1,234 nights")
        fakes["matches"].get("/players/<name>", text="the nights of ada")
        fakes["matches"].get("/days/<day>", text="the best of a day")
        fakes["replays"].get("/latest", text="the newest")
        fakes["replays"].get("/replays/r1", json=REPLAY)

    def _playing(self) -> None:
        fakes = self.fakes
        fakes["players"].put("/players/ada/best", json=ADA)
        fakes["characters"].put("/moths/ada/<kind>", lambda call, kind: MOTH)
        fakes["characters"].put("/moths/ada/luna/matches/r1", json=MOTH)
        fakes["matches"].put("/matches/r1", lambda call: ("", 204))
        fakes["lobby"].post("/rounds", json=ROUND, status=201)
        fakes["lobby"].get("/rounds/r1", json=ROUND)
        fakes["lobby"].put("/rounds/r1/score", lambda call: ("", 204))
        fakes["replays"].put("/replays/r1", json=REPLAY)


@pytest.fixture
def neighbours(service: Services, fake: Any) -> Iterator[Neighbours]:
    """Put the fakes in the neighbours' place."""
    with ExitStack() as ending:
        yield Neighbours(service, fake, ending)


@pytest.fixture
def web(service: Services, neighbours: Neighbours) -> Service:
    """Return the service, which nobody has entered."""
    web = service("web")
    web.app.config["TESTING"] = True
    return web


@pytest.fixture
def ada(web: Service) -> Client:
    """Return the browser of somebody who has entered, and chosen a moth."""
    web.sign_in("ada")
    web.client.post("/moths", data={"kind": "luna"})
    return web.client
