"""The pages, with fakes for the neighbours."""

from typing import Any

import pytest
from werkzeug.test import Client

from glassware.testing import Service


# What each neighbour has for a page, and what stands there when it is away.
PAGES = {
    "/": {
        "backoffice": ("The lamps are lit", "The news cannot be reached"),
        "lobby": ("the best of today", "The lobby cannot be reached"),
        "matches": ("1,234 nights", ""),
        "players": ("the best ever", "The players cannot be reached"),
        "replays": ("the newest", "Replays cannot be reached"),
    },
    "/lobby": {
        "backoffice": ("", ""),
        "lobby": ("who is here", "The lobby cannot be reached"),
    },
    "/moths": {"characters": ("Yours, level 3", "have learned cannot be reached")},
    "/players/ada": {
        "backoffice": ("", ""),
        "characters": ("a pearl", "Moths cannot be reached"),
        "matches": ("the nights of ada", "The history cannot be reached"),
        "players": ("at best <strong>120", "The players cannot be reached"),
    },
    "/days/2026-01-02": {
        "backoffice": ("", ""),
        "matches": ("the best of a day", "The history cannot be reached"),
    },
    "/watch/r1": {"backoffice": ("", "")},
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_put_together(ada: Client, path: str) -> None:
    """From all that its neighbours say."""
    answer = ada.get(path)
    assert answer.status_code == 200
    assert all(shown in answer.text for shown, _ in PAGES[path].values())
    assert "cannot be reached" not in answer.text


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in PAGES for name in sorted(PAGES[path])]
)
def test_a_page_does_without_what_is_away(
    ada: Client, neighbours: Any, path: str, name: str
) -> None:
    """And says so where it is missing."""
    neighbours.take_away(name)
    answer = ada.get(path)
    shown, instead = PAGES[path][name]
    assert answer.status_code == 200
    assert instead in answer.text
    assert not shown or shown not in answer.text


def test_a_hidden_name_is_not_shown(ada: Client, neighbours: Any) -> None:
    """What the back office says holds for every list."""
    for path in ("/", "/lobby", "/days/2026-01-02"):
        ada.get(path)
    lists = {"/top", "/here", "/best", "/latest", "/days/2026-01-02"}
    asked = [
        (call.path, call.query["hidden"])
        for name in ("lobby", "matches", "players", "replays")
        for call in neighbours.fakes[name].calls
        if call.path in lists
    ]
    assert {path for path, _ in asked} == lists
    assert {hidden for _, hidden in asked} == {"eve"}
    assert ada.get("/players/eve").status_code == 404


def test_who_has_not_entered_is_asked_to(web: Service) -> None:
    """And comes back afterwards."""
    assert 'href="/enter"' in web.client.get("/").text
    assert web.client.get("/moths").location == "/enter?next=/moths"
    assert web.client.post("/play").status_code == 401


def test_a_moth_is_its_players(ada: Client, web: Service) -> None:
    """Somebody else in the same browser chooses another."""
    assert "Play</button>" in ada.get("/lobby").text
    web.sign_in("bob")
    assert "Choose a moth" in ada.get("/lobby").text


def test_nobody_is_a_404(ada: Client) -> None:
    """Neither is a day that there is not."""
    assert ada.get("/players/bob").status_code == 404
    assert ada.get("/days/2026-02-31").status_code == 404


def test_pages_load_nothing_from_elsewhere(ada: Client) -> None:
    """Browsers are told so."""
    policy = ada.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
