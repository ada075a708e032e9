"""The state folder: claimed once, whole at all times, private."""

import json
import shutil
import stat
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from glassware.errors import GlasswareError, SiteNotRunning, SiteRunning
from glassware.runner.addresses import Ports
from glassware.runner.state import State


@pytest.fixture
def state(tmp_path):
    """A claimed state folder."""
    state = State(tmp_path)
    state.claim()
    yield state
    state.release()


def test_a_site_is_claimed_once(state, tmp_path):
    """The second says where the first runs."""
    state.announce("http://localhost:8000")

    with pytest.raises(SiteRunning, match="http://localhost:8000"):
        State(tmp_path).claim()


def test_where_it_runs_is_known_as_long_as_it_runs(tmp_path):
    """A note that a killed site left behind does not count."""
    state = State(tmp_path)
    state.claim()
    state.announce("http://localhost:8000")
    assert State(tmp_path).running().url == "http://localhost:8000"
    note = (tmp_path / ".glassware/site.json").read_text()

    state.release()
    (tmp_path / ".glassware/site.json").write_text(note)

    with pytest.raises(SiteNotRunning):
        State(tmp_path).running()


def test_credentials_are_made_once_and_private(state):
    """The same for the same purpose, another for another, mode 0600."""
    first = state.credential("engine postgresql")

    path = state.folder / "credentials.json"
    assert state.credential("engine postgresql") == first
    assert state.credential("engine redis") != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(state.runtime.stat().st_mode) == 0o700


def test_the_state_is_not_committed(state):
    """The folder ignores itself."""
    assert (state.folder / ".gitignore").read_text() == "*\n"


def test_damaged_credentials_are_named(tmp_path):
    """And nothing in them is overwritten."""
    path = tmp_path / ".glassware/credentials.json"
    path.parent.mkdir()
    path.write_text("{")

    with pytest.raises(GlasswareError, match=r"credentials.json"):
        State(tmp_path).claim()
    assert path.read_text() == "{"


def test_damaged_ports_are_chosen_anew(state):
    """They are worth no more than that."""
    (state.folder / "ports.json").write_text('["gateway"]')

    assert state.ports() == {}


def test_a_removed_state_folder_is_made_again_with_the_same_credentials(
    state, tmp_path
):
    """The other commands find the site again, and nobody else can claim it."""
    first = state.credential("engine postgresql")
    state.announce("http://localhost:8000")
    assert state.is_whole()
    shutil.rmtree(state.folder)

    with pytest.raises(SiteRunning):
        State(tmp_path).claim()
    assert not state.is_whole()
    state.mend()

    assert state.is_whole()
    assert State(tmp_path).running().url == "http://localhost:8000"
    assert first in (state.folder / "credentials.json").read_text()


def test_who_asks_whether_the_site_runs_does_not_hinder_its_start(tmp_path):
    """`glassware ps` in a loop, and `glassware up` meanwhile."""
    state, done = State(tmp_path), threading.Event()
    state.claim()
    state.release()

    def ask():
        while not done.is_set():
            with suppress(SiteNotRunning):
                state.running()

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(20):
            starting = State(tmp_path)
            starting.claim()
            starting.release()
    finally:
        done.set()
        for thread in asking:
            thread.join()


def test_sockets_fit_into_their_107_bytes_for_a_deep_site(tmp_path):
    """The path of a socket does not grow with the site's."""
    deep = tmp_path.joinpath(*["folder-of-a-rather-long-name"] * 20)

    longest = State(deep).runtime / "services" / ("n" * 40) / "100000.64.sock"

    assert len(str(longest)) <= 107


def test_ports_are_the_same_next_time_and_never_the_same_for_two(state):
    """As long as nobody else has taken them."""
    with closing(Ports(state)) as ports:
        first = {purpose: ports.claim(purpose) for purpose in "abc"}

    with closing(Ports(state)) as again:
        second = {purpose: again.claim(purpose) for purpose in "cab"}

    assert second == first
    assert len(set(first.values())) == 3
    assert json.loads((state.folder / "ports.json").read_text()) == first


def test_two_sites_that_start_together_choose_different_ports(tmp_path, monkeypatch):
    """Also in the moment in which neither listens yet, and in other sessions."""
    states = []
    for name in ("one", "two"):
        session = Path(tempfile.mkdtemp(prefix="gw-"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
        state = State(tmp_path / name)
        state.site.mkdir()
        state.claim()
        states.append(state)
    try:
        with closing(Ports(states[0])) as one, closing(Ports(states[1])) as two:
            chosen = {
                one.claim("gateway", first=8000),
                two.claim("gateway", first=8000),
            }
    finally:
        for state in states:
            state.release()
            shutil.rmtree(state.runtime.parent.parent)

    assert len(chosen) == 2
