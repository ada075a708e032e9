"""Workers are killed while visitors come (row 1 of the goal table)."""

import os
import signal
import threading
from collections import Counter
from functools import partial
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from row_sites import recorded


COUNTING = """
    import json, time
    from flask import Flask, request

    app = Flask(__name__)


    @app.route("/", methods=["GET", "PUT", "POST"])
    def page():
        time.sleep(0.01)
        if request.method == "POST":
            with open("{record}", "a") as record:
                record.write(json.dumps(request.headers["X-Number"]) + "\\n")
        return "done"
    """

KILLS = 4


class Visitors:
    """Two that read and two that post, one request after the other."""

    def __init__(self, url):
        self._port = urlsplit(url).port
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._read),
            threading.Thread(target=self._read),
            threading.Thread(target=self._post, args=("a",)),
            threading.Thread(target=self._post, args=("b",)),
        ]
        self.read: Counter[int] = Counter()
        self.posted: dict[str, int] = {}
        self.outcomes: list[str | None] = []

    def __enter__(self):
        """Let them come."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        """Let them go."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _read(self):
        while not self._done.is_set():
            self.read[self._ask("GET", "none")[0]] += 1

    def _post(self, name):
        number = 0
        while not self._done.is_set():
            number += 1
            status, outcome = self._ask("POST", f"{name}{number}")
            self.posted[f"{name}{number}"] = status
            if status != 200:
                self.outcomes.append(outcome)

    def _ask(self, method, number):
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Host": f"localhost:{self._port}", "X-Number": number}
        try:
            connection.request(method, "/", headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            return type(error).__name__, None
        finally:
            connection.close()
        return answer.status, answer.headers["Outcome"]


def kill_one(site):
    """Kill a worker, and wait until another is in its place."""
    pid = site.service("shop")["pids"][0]
    os.kill(pid, signal.SIGKILL)

    def replaced():
        pids = site.service("shop")["pids"]
        return pid not in pids and len(pids) == 2

    site.until(replaced, "full strength")


def reached(counted, number):
    """Whether there are that many."""
    return len(counted) >= number


def test_what_may_be_repeated_never_fails_and_nothing_is_done_twice(site, tmp_path):
    """GET answers all the time; each POST is done at most once, or says it is unsure."""
    record = tmp_path / "record"
    record.touch()
    site.write(
        {
            "services/shop/app.py": COUNTING.format(record=record),
            "services/shop/service.toml": 'route = "/"\nworkers = 2\n',
        }
    )
    site.up("--production")

    with Visitors(site.url) as visitors:
        for _ in range(KILLS):
            kill_one(site)
            wanted = len(visitors.posted) + 20
            site.until(partial(reached, visitors.posted, wanted), "more visitors")

    assert set(visitors.read) == {200}
    assert max(Counter(recorded(record)).values()) == 1
    lost = [status for status in visitors.posted.values() if status != 200]
    # No more than these two can be at a worker that dies.
    assert len(lost) <= 2 * KILLS
    assert set(lost) <= {503}
    assert set(visitors.outcomes) <= {"unknown"}
