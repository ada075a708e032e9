import http.client
import signal
import socket
import threading
import time
from collections.abc import Callable

import pytest

from waiting import until
from worker.worker_process import Worker


SLOW = """
import atexit, threading, time
from flask import Flask
app = Flask(__name__)
gate = threading.Event()
atexit.register(lambda: print("exit handlers ran"))

@app.get("/")
def home():
    return "ok"

@app.post("/work")
def work():
    time.sleep(0.02)
    return "done"

@app.get("/held")
def held():
    print("holding")
    gate.wait(30)
    return "released"

@app.get("/stream")
def stream():
    def endless():
        while True:
            yield b"x"
            time.sleep(0.01)
    return endless()

@app.get("/release")
def release():
    gate.set()
    return "ok"

@app.get("/stubborn")
def stubborn():
    def forever():
        while True:
            time.sleep(1)
    threading.Thread(target=forever).start()
    return "ok"
"""

SERVERS = ["granian", "threaded"]


class Caller(threading.Thread):
    """Sends requests over one connection, and follows a service from worker to worker.

    It behaves as the gateway does: it keeps its connection, opens a new one to
    the newest worker where an answer closed the old, and never tries a POST
    again once it was sent.
    """

    def __init__(self, newest: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self.newest = newest
        self.answered = 0
        self.failed: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        """Call until it is told that it is enough."""
        connection: http.client.HTTPConnection | None = None
        while not self.enough.is_set():
            connection = connection or _connect(self.newest())
            try:
                connection.request("POST", "/work", b"body")
                response = connection.getresponse()
                assert response.read() == b"done"
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(repr(error))
                connection = None
            else:
                self.answered += 1
                if response.will_close:
                    connection.close()
                    connection = None
        if connection is not None:
            connection.close()


def _connect(path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("shop.test", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    return connection


@pytest.mark.parametrize("server", SERVERS)
def test_no_request_is_lost_when_workers_replace_each_other_under_load(start, server):
    """Eight busy keep-alive clients see five reloads and not one failure."""
    workers: list[Worker] = []

    def reload() -> None:
        worker = start.fork(SLOW, server=server, threads=8, drain=10.0)
        worker.ready()
        workers.append(worker)

    reload()
    callers = [Caller(lambda: workers[-1].socket) for _ in range(8)]
    for caller in callers:
        caller.start()
    for _ in range(5):
        before = sum(caller.answered for caller in callers)
        until(lambda: sum(c.answered for c in callers) > before + 50)  # noqa: B023
        reload()
        workers[-2].signal()
        assert workers[-2].wait() == 0
    for caller in callers:
        caller.enough.set()
    for caller in callers:
        caller.join(20)
    assert [caller.failed for caller in callers] == [[]] * 8
    assert "exit handlers ran" in workers[0].log()


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_under_way_is_finished(start, server):
    """A request that began before SIGTERM gets its answer, however long it takes."""
    worker = start.fork(SLOW, server=server, drain=20.0)
    worker.ready()
    connection = worker.connection()
    connection.request("GET", "/held")
    until(lambda: "holding" in worker.log())
    worker.signal()
    worker.ask("/release")
    assert connection.getresponse().read() == b"released"
    connection.close()
    assert worker.wait() == 0


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("target", ["/held", "/stream"])
def test_the_drain_has_an_end(start, server, target):
    """What takes longer than the drain is cut, and the exit code is still 0."""
    worker = start.fork(SLOW, server=server, drain=0.5)
    worker.ready()
    connection = worker.connection()
    connection.request("GET", target)
    response = None
    if target == "/held":
        until(lambda: "holding" in worker.log())
    else:
        response = connection.getresponse()
        assert response.read(3) == b"xxx"
    asked = time.monotonic()
    worker.signal()
    assert worker.wait() == 0
    assert 0.4 < time.monotonic() - asked < 5
    if response is not None:
        response.close()
    connection.close()


@pytest.mark.parametrize("server", SERVERS)
def test_a_second_signal_ends_at_once(start, server):
    """Whoever cannot wait for the drain says so twice."""
    worker = start.fork(SLOW, server=server, drain=60.0)
    worker.ready()
    connection = worker.connection()
    connection.request("GET", "/held")
    until(lambda: "holding" in worker.log())
    worker.signal()
    worker.signal(signal.SIGINT)
    assert worker.wait() == 0
    connection.close()


def test_an_idle_worker_ends_quickly(start):
    """Nothing under way: the end takes no noticeable time."""
    worker = start.fork(SLOW, drain=30.0)
    worker.ready()
    idle = worker.connection()
    idle.connect()
    asked = time.monotonic()
    worker.signal()
    assert worker.wait() == 0
    assert time.monotonic() - asked < 2
    assert idle.sock.recv(1) == b""
    idle.close()


def test_threads_that_never_end_do_not_keep_the_process(start):
    """A forgotten background thread is no reason to stay."""
    worker = start.fork(SLOW, drain=30.0)
    worker.ready()
    assert worker.ask("/stubborn").status == 200
    worker.signal()
    assert worker.wait() == 0


def test_exit_handlers_that_hang_have_the_drain_and_no_more(start):
    """`atexit` is honoured, within the time there is."""
    worker = start.fork(SLOW + "\natexit.register(lambda: time.sleep(60))\n", drain=0.5)
    worker.ready()
    worker.signal()
    assert worker.wait() == 0


def test_a_worker_that_is_still_loading_ends_at_once(start):
    """A signal during the import needs no application to answer it."""
    worker = start.fork("print('loading')\nimport time; time.sleep(60)")
    until(lambda: "loading" in worker.log())
    worker.signal()
    assert worker.wait() == -signal.SIGTERM


def test_answers_during_the_drain_close_their_connection(start):
    """A client with a kept connection is told to open its next one elsewhere."""
    worker = start.fork(SLOW, drain=20.0)
    worker.ready()
    kept = worker.connection()
    kept.request("GET", "/")
    first = kept.getresponse()
    assert first.read() == b"ok"
    assert first.headers["Connection"] is None
    held = worker.connection()
    held.request("GET", "/held")
    until(lambda: "holding" in worker.log())
    worker.signal()

    def told() -> bool:
        try:
            kept.request("GET", "/")
            answer = kept.getresponse()
        except (OSError, http.client.HTTPException):
            raise AssertionError("the connection was closed without a word") from None
        answer.read()
        return answer.headers["Connection"] == "close"

    until(told)
    worker.ask("/release")
    held.getresponse().read()
    kept.close()
    held.close()
    assert worker.wait() == 0
