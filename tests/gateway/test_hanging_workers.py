"""A worker that hangs is left out at once, and nobody else is."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.kinds import Site
from waiting import until


WORKER = """
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = self.path == "/.glassware/alive"
        body = b"" if asked else sys.argv[2].encode()
        self.send_response(204 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        if self.path == "/.glassware/alive":
            print("asked", flush=True)


ThreadingUnixStreamServer.daemon_threads = True
ThreadingUnixStreamServer(sys.argv[1], Handler).serve_forever()
"""


class Process:
    """A worker that is a process of its own, so that it can be stopped."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.socket = folder / f"{name}.sock"
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            argv = [sys.executable, "-c", WORKER, str(self.socket), name]
            self.process = subprocess.Popen(argv, stdout=log)

    @property
    def asked(self) -> int:
        """How often it was asked whether it lives."""
        return self.log.read_text().count("asked")

    def stop(self) -> None:
        """Let it hang."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it live again."""
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, hanging or not."""
        self.process.kill()
        self.process.wait()


Begin = Callable[..., tuple[EnvoySite, list[Process]]]


@pytest.fixture
def begin(site: Site, folder: Path) -> Iterator[Begin]:
    """Start a site whose service has so many workers."""
    with ExitStack() as ends:

        def start(
            count: int, *, alive: bool = True, timeout: float = 20
        ) -> tuple[EnvoySite, list[Process]]:
            workers = [Process(f"worker{number}", folder) for number in range(count)]
            for worker in workers:
                ends.callback(worker.end)
                until(worker.socket.exists, "its socket")
            made = site(public("front", "/", timeout=timeout))
            made.start(running("front", *(w.socket for w in workers), alive=alive))
            return made, workers

        yield start


def healthy(made: EnvoySite) -> int:
    """Return how many of the workers and the waiting room Envoy finds healthy."""
    return made.count("cluster.front.membership_healthy")


def answers(made: EnvoySite, count: int) -> Counter[str]:
    """Return who answered how many of so many requests."""
    return Counter(made.ask("/").text for _ in range(count))


def test_a_worker_that_hangs_is_left_out(begin: Begin) -> None:
    """From then on the other has all the requests, and none waits."""
    made, (one, other) = begin(2)
    assert set(answers(made, 40)) == {"worker0", "worker1"}

    one.stop()
    until(lambda: healthy(made) == 2, "its ejection")

    assert answers(made, 40) == {"worker1": 40}
    one.go_on()
    until(lambda: healthy(made) == 3, "its return")
    assert set(answers(made, 40)) == {"worker0", "worker1"}
    assert other.asked


def test_if_all_of_them_hang_all_of_them_are_tried(begin: Begin) -> None:
    """Leaving out everybody would help nobody: the first that wakes up answers."""
    made, workers = begin(2)
    answers(made, 2)
    for worker in workers:
        worker.stop()
    until(lambda: healthy(made) == 1, "the ejection of both")
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(made.ask("/").text))
    asking.start()
    until(lambda: made.count("cluster.front.upstream_rq_active"), "a try")

    for worker in workers:
        worker.go_on()
    asking.join()

    assert set(said) <= {"worker0", "worker1"}
    assert said


def test_a_worker_without_others_is_not_asked(begin: Begin) -> None:
    """There is nobody to take its place, and a hundred of them cost nothing."""
    made, [worker] = begin(1)
    answers(made, 3)

    assert made.count("cluster.front.health_check.attempt") == 0
    assert worker.asked == 0


def test_an_update_waits_until_new_workers_have_been_asked(
    begin: Begin, folder: Path
) -> None:
    """After it, nobody meets a worker that is no longer named."""
    made, workers = begin(4)
    for number in range(20):
        now = workers[2 * (number % 2) :][:2]

        made.update(running("front", *(w.socket for w in now), alive=True))

        assert set(answers(made, 8)) <= {worker.name for worker in now}


def test_an_update_is_not_held_up_by_a_worker_that_hangs(begin: Begin) -> None:
    """It is taken without the worker that does not answer."""
    made, workers = begin(3)
    workers[0].stop()

    made.update(running("front", *(w.socket for w in workers[:2]), alive=True))

    assert answers(made, 10) == {"worker1": 10}


def test_a_program_that_hangs_is_noticed_by_those_who_wait(begin: Begin) -> None:
    """It is not asked whether it lives; some requests in vain, and it is left out."""
    made, [program, _] = begin(2, alive=False, timeout=0.3)
    program.stop()

    def left_out() -> bool:
        made.ask("/")
        return bool(made.count("cluster.front.outlier_detection.ejections_active"))

    until(left_out, "its ejection")

    assert made.count("cluster.front.health_check.attempt") == 0
    assert {made.ask("/").status for _ in range(5)} == {200}
