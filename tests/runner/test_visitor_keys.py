"""The keys of visitors' tokens, and the ends of sign-ins, as they lie on disk."""

import json
import stat
import threading
from pathlib import Path

import pytest

from glassware.errors import GlasswareError
from glassware.runner.revocations import count, prune
from glassware.runner.visitor_keys import DAY, FILE, ROTATED_AFTER, VisitorKeys
from glassware.tokens import Key
from glassware.visitors import REVOCATIONS, Revocations, revoke_session, revoke_user


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        """Return the epoch second."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """One for the test."""
    return Clock()


def test_a_key_survives_a_restart(tmp_path: Path) -> None:
    """Nobody is signed out by `down` and `up`."""
    signing = VisitorKeys(tmp_path).signing()
    public = VisitorKeys(tmp_path).public()

    name, _, private = signing.partition(":")
    assert VisitorKeys(tmp_path).signing() == signing
    assert public == {name: Key(private).public}


def test_the_file_is_for_its_user_alone(tmp_path: Path) -> None:
    """Whoever reads it can sign in as anybody."""
    keys = VisitorKeys(tmp_path)
    keys.rotate()
    keys.rotate()

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_no_key_is_shown(tmp_path: Path) -> None:
    """A log may hold what a key looks like."""
    keys = VisitorKeys(tmp_path)
    private = keys.signing().partition(":")[2]

    assert private not in repr(keys.all())


def test_a_new_key_signs_and_the_old_one_counts(tmp_path: Path, clock: Clock) -> None:
    """For as long as a token of the old one may live, and no longer."""
    keys = VisitorKeys(tmp_path, clock)
    first = keys.signing().partition(":")[0]
    clock.now += 5 * DAY
    second = keys.rotate()[-1].name

    assert keys.signing().startswith(f"{second}:")
    assert list(keys.public()) == [first, second]
    clock.now += 14 * DAY
    assert not keys.drop(remember=14 * DAY)
    clock.now += 2 * DAY
    assert keys.drop(remember=14 * DAY)
    assert list(VisitorKeys(tmp_path).public()) == [second]


def test_a_key_is_due_after_a_month(tmp_path: Path, clock: Clock) -> None:
    """An old one that no longer signs is not."""
    keys = VisitorKeys(tmp_path, clock)
    assert not keys.are_due()
    keys.rotate()
    clock.now += ROTATED_AFTER + 1
    assert keys.are_due()
    keys.rotate()

    assert not keys.are_due()


def test_a_clock_that_was_set_back_drops_nothing(tmp_path: Path, clock: Clock) -> None:
    """The key that signs is kept whatever the clock says."""
    keys = VisitorKeys(tmp_path, clock)
    keys.rotate()
    clock.now -= 400 * DAY

    assert not keys.drop(remember=60)
    assert not keys.are_due()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [1]}', '{"keys": [{}]}'])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, text: str) -> None:
    """New keys would sign everybody out; that is for a person to decide."""
    (tmp_path / FILE).write_text(text)

    with pytest.raises(GlasswareError, match="is damaged") as told:
        VisitorKeys(tmp_path).public()

    assert "sign in again" in str(told.value.hint)
    assert (tmp_path / FILE).read_text() == text


def test_a_removed_file_is_written_anew(tmp_path: Path) -> None:
    """What signs in the running site must not be lost by the next start."""
    keys = VisitorKeys(tmp_path)
    signing = keys.signing()
    (tmp_path / FILE).unlink()

    keys.mend()

    assert VisitorKeys(tmp_path).signing() == signing


def test_what_is_over_is_forgotten(tmp_path: Path) -> None:
    """The file of revocations does not grow for ever; what counts is kept."""
    path = tmp_path / REVOCATIONS
    revoke_session(path, "old", until=10.0)
    revoke_session(path, "new", until=1000.0)
    revoke_user(path, "ann", until=1000.0)

    prune(path, now=100.0)

    assert count(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ends = Revocations(path)
    assert ends.ended("new", "", 1.0)
    assert ends.ended("x", "ann", 1.0)
    assert not ends.ended("old", "", 1.0)


def test_nothing_is_made_where_nobody_was_signed_out(tmp_path: Path) -> None:
    """A site without sign-ins has no such file."""
    prune(tmp_path / REVOCATIONS)

    assert not list(tmp_path.iterdir())
    assert count(tmp_path / REVOCATIONS) == 0


def test_a_reader_sees_what_comes_after_a_prune(tmp_path: Path) -> None:
    """The file is another one then, and is read from its beginning."""
    path = tmp_path / REVOCATIONS
    ends = Revocations(path)
    revoke_session(path, "short", until=1.0)
    assert ends.ended("short", "", 1.0)
    prune(path, now=2.0)

    revoke_session(path, "after", until=1000.0)

    assert ends.ended("after", "", 1.0)


def test_a_file_with_the_number_of_a_former_one_is_read(tmp_path: Path) -> None:
    """A file system gives the number of a removed file to the next one."""
    path, other = tmp_path / REVOCATIONS, tmp_path / "other"
    ends = Revocations(path)
    revoke_session(path, "former", until=1.0)
    assert ends.ended("former", "", 1.0)
    revoke_session(other, "first", until=1000.0)
    revoke_session(other, "second", until=1000.0)

    # As if it were another file: the number stays.
    path.write_bytes(other.read_bytes())

    assert ends.ended("first", "", 1.0)
    assert ends.ended("second", "", 1.0)


def test_nothing_that_is_appended_during_a_prune_is_lost(tmp_path: Path) -> None:
    """Services sign out while the supervisor clears up."""
    path = tmp_path / REVOCATIONS
    done = threading.Event()

    def write(worker: int) -> None:
        for number in range(150):
            revoke_session(path, f"{worker} {number}", until=1000.0)
            revoke_session(path, "gone", until=0.0)

    def clear() -> None:
        while not done.is_set():
            prune(path, now=100.0)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    clearing = threading.Thread(target=clear)
    clearing.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    clearing.join()
    prune(path, now=100.0)

    said = [json.loads(line)["session"] for line in path.read_text().splitlines()]
    assert sorted(said) == sorted(f"{w} {n}" for w in range(3) for n in range(150))


def test_half_a_line_spoils_no_other(tmp_path: Path) -> None:
    """A machine that lost power while it wrote must not undo the next sign-out."""
    path = tmp_path / REVOCATIONS
    revoke_session(path, "first", until=1000.0)
    with path.open("ab") as file:
        file.write(b'{"session": "sec')

    revoke_session(path, "third", until=1000.0)

    ends = Revocations(path)
    assert ends.ended("first", "", 1.0)
    assert ends.ended("third", "", 1.0)
