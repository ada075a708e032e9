"""Workers that hang are passed over while there are others."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from glassware.errors import DeadlineExceeded
from glassware.service.suspects import LONGEST, SHORTEST, Suspects
from service.http_worker import answer, answering
from waiting import until


def named(name: str):
    """Return a server that answers with its name."""
    return answering(lambda _: answer(name.encode()))


@pytest.fixture
def process(folder):
    """Start a worker that is a process of its own."""
    started = []

    def begin(name: str) -> subprocess.Popen[bytes]:
        code = (
            "import sys, pathlib, threading\n"
            "from service.http_worker import Worker, answer, answering\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "Worker(path, answering(lambda _: answer(path.stem.encode())))\n"
        )
        hidden = folder / f"{name}.starting"
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        worker = subprocess.Popen([sys.executable, "-c", code, hidden], env=env)
        started.append(worker)
        until(hidden.exists, "the start of a worker")
        (folder / "ready").mkdir(exist_ok=True)
        hidden.rename(folder / "ready" / f"{name}.sock")
        return worker

    yield begin
    for worker in started:
        worker.kill()
        worker.wait()


def test_a_stopped_worker_fails_one_call(catalog, start, process):
    """The others notice, and go to the one that answers, for seconds."""
    stopped = process("stopped")
    start(named("well"), "well")
    assert {catalog.get("/").text for _ in range(4)} == {"stopped", "well"}
    stopped.send_signal(signal.SIGSTOP)
    state = Path(f"/proc/{stopped.pid}/stat")
    until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
    seen: Counter[str] = Counter()
    for _ in range(60):
        try:
            seen[catalog.get("/", timeout=0.3).text] += 1
        except DeadlineExceeded:
            seen["late"] += 1
    assert seen == {"well": 59, "late": 1}


class Time:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


def doubting(clock: Time) -> Suspects:
    """Return suspects whose pauses are as long as they can be."""
    return Suspects(clock, lambda low, high: low)


def test_one_call_tries_it_again():
    """When its time is over; if that fails, it is left alone for twice as long."""
    clock = Time()
    suspects = doubting(clock)
    suspects.add("a")
    pauses = []
    for _ in range(5):
        assert suspects.without(["a", "b"]) == ["b"]
        before = clock.now
        while suspects.without(["a", "b"]) != ["a"]:
            clock.now += 0.5
        assert suspects.without(["a", "b"]) == ["b"]
        pauses.append(clock.now - before)
        suspects.add("a")
    assert pauses == [SHORTEST, 10.0, 20.0, LONGEST, LONGEST]
    suspects.clear("a")
    assert not suspects


def test_never_more_than_half_are_passed_over():
    """Where most fail, it is not the workers."""
    suspects = doubting(Time())
    suspects.add("a")
    assert suspects.without(["a"]) == ["a"]
    suspects.add("a")
    assert suspects.without(["a", "b", "c"]) == ["b", "c"]
    suspects.add("b")
    assert suspects.without(["a", "b", "c"]) == ["a", "b", "c"]
    assert suspects.without(["a", "b", "c", "d"]) == ["c", "d"]


def test_workers_that_are_gone_are_forgotten():
    """A new worker is not blamed for the old one."""
    suspects = doubting(Time())
    suspects.add("a")
    assert suspects.without(["b", "c"]) == ["b", "c"]
    assert not suspects
