"""More work than there is time for: rows 8, 9 and 11 of what reliability means."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from glassware.protocol import ALIVE
from worker.callers import within
from worker.worker_process import Connection, Worker


FLASK = """
import time
from flask import Flask, request
from glassware import current
app = Flask(__name__)

@app.get("/work")
def work():
    with open("started", "a") as file:
        file.write(f"{current.incoming.get().remaining()}\\n")
    time.sleep(float(request.args["seconds"]))
    return "done"

@app.get("/fast")
def fast():
    return "fast"
"""
SERVERS = ["granian", "threaded"]

# More than can be open at once, so that none comes later than it is to come.
MOST_OPEN = 100

# From the decision that a view may start to its first line, on a busy machine.
MOMENT = 0.5


@dataclass
class Answers:
    """What callers were answered, and how fast."""

    by_status: dict[int, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int, seconds: float) -> None:
        """Take in an answer; 0: the caller gave up."""
        with self.lock:
            self.by_status.setdefault(status, []).append(seconds)

    def count(self, status: int) -> int:
        """How many answers had a status."""
        return len(self.by_status.get(status, ()))


def ask(worker: Worker, target: str, patience: float, answers: Answers) -> None:
    """Ask as a caller does who goes away when his time is over."""
    began = time.monotonic()
    connection = Connection(worker.socket)
    try:
        connection.connect()
        connection.sock.settimeout(patience)
        connection.request("GET", target, headers=within(patience))
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except TimeoutError:
        status = 0
    finally:
        connection.close()
    answers.add(status, time.monotonic() - began)


def together(threads: list[threading.Thread]) -> None:
    """Run threads to their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ticks(rate: float, seconds: float) -> Iterator[float]:
    """Return the moments at which requests come, whatever becomes of them."""
    begin = time.monotonic()
    for number in range(int(rate * seconds)):
        yield begin + number / rate


def offer(
    worker: Worker, target: str, patience: float, rate: float, seconds: float
) -> Answers:
    """Send requests at a steady rate."""
    answers = Answers()
    moments = ticks(rate, seconds)
    lock, never = threading.Lock(), threading.Event()

    def caller() -> None:
        while True:
            with lock:
                moment = next(moments, None)
            if moment is None:
                return
            never.wait(max(0.0, moment - time.monotonic()))
            ask(worker, target, patience, answers)

    together([threading.Thread(target=caller) for _ in range(MOST_OPEN)])
    return answers


def started(worker: Worker) -> list[float]:
    """How much time each view had left when it was started."""
    file = worker.output.parent / "1" / "catalog" / "started"
    return [float(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("server", SERVERS)
def test_callers_who_give_up_leave_no_work_behind(start, server):
    """Row 8: 60 callers give up again and again; the worker is well at once.

    All that they asked for would take it 40 s. No view is started after its
    deadline, and none after the last of them has gone.
    """
    worker = start.fork(FLASK, server=server, threads=2)
    worker.ready()
    answers, end = Answers(), time.monotonic() + 2

    def caller() -> None:
        while time.monotonic() < end:
            ask(worker, "/work?seconds=0.25", 0.4, answers)

    together([threading.Thread(target=caller) for _ in range(60)])
    began = time.monotonic()
    assert worker.ask("/fast", headers=within(5)).status == 200
    assert time.monotonic() - began < 5
    before = len(started(worker))
    assert worker.ask("/work?seconds=0", headers=within(5)).status == 200
    assert len(started(worker)) == before + 1
    assert min(started(worker)) > -MOMENT
    assert sum(map(len, answers.by_status.values())) > 4 * before


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("patience", [0.5, 10.0])
def test_three_times_too_much_leaves_the_good_part(start, server, patience):
    """Row 11: as many answers in time as without the rest, and quick refusals."""
    worker = start.fork(FLASK, server=server, threads=4)
    worker.ready()
    seconds, capacity = 3.0, 4 / 0.1
    answers = offer(worker, "/work?seconds=0.1", patience, 3 * capacity, seconds)
    assert worker.ask(ALIVE).status == 204
    assert answers.count(200) >= 0.6 * capacity * seconds
    refused = sorted(answers.by_status[503])
    assert refused[len(refused) // 2] < 0.5
    assert min(started(worker)) > -MOMENT
