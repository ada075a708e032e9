"""Joining, keeping and reading what services write."""

import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.runner import logs
from glassware.runner.events import Logged
from glassware.runner.logs import Joiner, LogStore


TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "app.py", line 3, in view\n'
    "    1 / 0\n"
    "ZeroDivisionError: division by zero\n"
)


def test_a_traceback_stays_in_one_piece():
    """A traceback is one entry with the line it belongs to, however it is cut."""
    joiner = Joiner()

    entries = joiner.feed(b"before\nERROR on /\n" + TRACEBACK[:50].encode())
    entries += joiner.feed(TRACEBACK[50:].encode() + b"after\n")

    assert entries == ["before", "ERROR on /\n" + TRACEBACK.strip(), "after"]


def test_a_chain_of_tracebacks_is_one_entry():
    """The cause and what came of it are read together."""
    joiner = Joiner()
    chain = (
        TRACEBACK
        + "\nDuring handling of the above exception, another exception occurred:\n\n"
        + TRACEBACK
    )

    assert joiner.feed(chain.encode() + b"after\n") == [chain.strip(), "after"]


def test_two_tracebacks_are_two_entries():
    """One after the other, they have nothing to do with each other."""
    assert Joiner().feed(TRACEBACK.encode() * 2) == [TRACEBACK.strip()] * 2


def test_a_traceback_without_an_end_is_not_kept_in_memory():
    """A program that only ever writes indented lines cannot fill the memory."""
    joiner = Joiner()
    entries = joiner.feed(TRACEBACK[:36].encode())

    entries += joiner.feed(b"  deeper\n" * (logs.MOST_LINES + 1))

    assert len(entries) == 1


def test_a_line_without_an_end_is_told_when_the_pipe_closes():
    """The last words of a process that is killed are not lost."""
    joiner = Joiner()

    assert joiner.feed(b"half a li") == []
    assert joiner.end() == ["half a li"]


def test_an_endless_line_is_cut_and_not_kept_in_memory():
    """A program that never writes a line break cannot fill the memory."""
    joiner = Joiner()

    entries = joiner.feed(b"x" * (logs.LONGEST_LINE + 1))

    assert "".join(entries) == "x" * (logs.LONGEST_LINE + 1)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_no_text_is_lost_however_it_is_cut(data, cuts):
    """Every printable character arrives, in its order."""
    joiner, entries, start = Joiner(), [], 0
    for end in [*sorted(cuts), len(data)]:
        entries += joiner.feed(data[start:end])
        start = max(start, min(end, len(data)))
    entries += joiner.end()

    def letters(text):
        return [c for c in text if c.isascii() and c.isalnum()]

    assert letters("".join(entries)) == letters(data.decode(errors="replace"))


@pytest.fixture
def store(tmp_path):
    """Log files in a folder of their own."""
    with closing(LogStore(tmp_path)) as store:
        yield store


def test_what_is_kept_is_read_back(store):
    """Entries of several sources come back in the order of their times."""
    now = round(time.time(), 3)
    told = [
        Logged(at=now, source="cart", text="one"),
        Logged(at=now + 1, source="catalog", text="two\n  indented\n\n  after a gap"),
        Logged(at=now + 2, source="cart", text="three"),
    ]
    for entry in told:
        store.hear(entry)

    assert list(store.read()) == told
    assert list(store.read(["cart"], since=now + 1)) == [told[2]]


def test_files_are_rotated_and_the_oldest_dropped(store, tmp_path, monkeypatch):
    """Logs never grow without a bound, and the newest lines are there."""
    monkeypatch.setattr(logs, "LARGEST", 2_000)
    for number in range(500):
        store.hear(Logged(at=1000.0 + number, source="cart", text=f"line {number}"))

    files = sorted(path.name for path in tmp_path.iterdir())
    kept = [entry.text for entry in store.read()]
    assert files == ["cart.log", "cart.log.1", "cart.log.2", "cart.log.3"]
    assert kept[-1] == "line 499"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4 * 2_100


def test_a_folder_that_cannot_be_written_costs_lines_only(store, tmp_path):
    """A full or missing disk is counted and stops nothing."""
    tmp_path.rmdir()

    store.hear(Logged(at=1.0, source="cart", text="one"))

    assert store.lost == 1
    assert store.last("cart") == "one"
    tmp_path.mkdir()
    store.hear(Logged(at=2.0, source="cart", text="two"))
    assert [entry.text for entry in store.read()] == ["two"]
