"""The pages, with fakes for the neighbours."""

from typing import Any

import pytest
from flask.testing import FlaskClient


PAGES = {
    "/": {"backoffice", "lobby", "matches", "players", "replays"},
    "/lobby": {"backoffice", "lobby"},
    "/moths": {"characters"},
    "/players/ada": {"backoffice", "characters", "matches", "players"},
    "/days/2026-01-02": {"backoffice", "matches"},
    "/watch/r1": {"backoffice"},
    "/enter": set(),
}
SHOWN = {
    "/": ["The lamps are lit", "1,234 nights", "Watch 120"],
    "/lobby": ["Best today", "plays"],
    "/moths": ["Fly as Tiger", "Yours, level 3"],
    "/players/ada": ["at best <strong>120", "Luna, level 3", "a pearl", "2026-01-02"],
    "/days/2026-01-02": ["02 January 2026", "120"],
    "/watch/r1": ["2 moves were kept"],
    "/enter": ["is yours from now on"],
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_put_together(ada: FlaskClient, path: str) -> None:
    """From all that its neighbours say."""
    answer = ada.get(path)
    assert answer.status_code == 200
    assert all(words in answer.text for words in SHOWN[path])
    assert "does without" not in answer.text


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in PAGES for name in sorted(PAGES[path])]
)
def test_a_page_does_without_what_is_away(
    ada: FlaskClient, neighbours: Any, path: str, name: str
) -> None:
    """And says so, once."""
    neighbours.take_away(name)
    answer = ada.get(path)
    assert answer.status_code == 200
    assert f"This page does without {name} for the moment" in answer.text


def test_a_hidden_name_is_not_shown(client: FlaskClient) -> None:
    """What the back office says holds for every list."""
    page = client.get("/").text
    assert ">ada<" in page
    assert ">eve<" not in page
    assert "(hidden)" in page
    assert client.get("/players/eve").status_code == 404


def test_nobody_is_a_404(client: FlaskClient) -> None:
    """Neither is a day that there is not."""
    assert client.get("/players/bob").status_code == 404
    assert client.get("/days/2026-02-31").status_code == 404


def test_a_wrong_password_does_not_enter(client: FlaskClient) -> None:
    """The form says what was wrong."""
    form = {"name": "ada", "password": "difference"}
    answer = client.post("/enter", data=form)
    assert answer.status_code == 403
    assert "Another password." in answer.text
    assert client.get("/moths").status_code == 403


def test_pages_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    """Browsers are told so, and no page of another site may post."""
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/enter", headers=elsewhere).status_code == 403
