"""A request's budget travels along its calls (rows 8 and 9 of the goal table)."""

import http.client
import threading
from urllib.parse import urlsplit

from row_sites import CHAIN, recorded


def test_each_hop_sees_what_is_left(site):
    """Ten seconds enter at the gateway, and every service has some less."""
    site.write(CHAIN)
    site.up()
    # The first request is what makes connections, which takes a busy machine long.
    site.get("/remaining")

    left = site.get("/remaining").json()

    assert len(left) == 3
    assert 10 >= left[0] >= left[1] >= left[2] > 5


def test_a_route_says_how_long_its_answers_may_take(site):
    """`timeout` of a route is the budget of its requests; a call has ten seconds."""
    site.write(
        CHAIN
        | {
            "services/front/service.toml": """
                calls = ["middle", "back"]

                [[routes]]
                path = "/"
                timeout = 30.0
                """
        }
    )
    site.up()

    left = site.get("/remaining").json()

    assert 30 >= left[0] > 20
    assert 10 >= left[1] > 5


WISHES = [
    ({"Prefer": "wait=3"}, 1, 3),
    ({"Prefer": "respond-async, wait=2"}, 0, 2),
    ({"Prefer": "wait=60"}, 5, 10),
    ({"Prefer": "wait=soon"}, 5, 10),
    ({"X-Glassware-Deadline": "60000"}, 5, 10),
    ({"X-Glassware-Deadline": "60000;1"}, 5, 10),
    ({"x-glassware-deadline": "1"}, 5, 10),
    ({"X-Envoy-Upstream-Rq-Timeout-Ms": "60000"}, 5, 10),
]


def test_who_asks_from_outside_can_shorten_and_never_lengthen(site):
    """`Prefer: wait` counts where it is less; our own headers do not."""
    site.write(CHAIN)
    site.up()

    for headers, least, most in WISHES:
        left = site.get("/remaining", headers=headers).json()
        assert all(most >= seconds > least for seconds in left), headers


SLOW = """
    import json, os, threading, time
    from flask import Flask
    from glassware import deadline

    app = Flask(__name__)


    @app.get("/")
    def slow():
        left = deadline.remaining()
        with open("{record}", "a") as record:
            record.write(json.dumps(left) + "\\n")
        time.sleep(0.3)
        return "done"


    @app.get("/quick")
    def quick():
        return "quick"
    """


def test_what_nobody_waits_for_is_not_started(site, tmp_path):
    """Sixty callers give up after a second, again and again, and then all leave.

    No view starts after its deadline, and hardly one after they left: without
    the check a service goes on working for nobody for a long time.
    """
    record = tmp_path / "record"
    record.touch()
    site.write(
        {
            "services/slow/app.py": SLOW.format(record=record),
            "services/slow/service.toml": """
                [[routes]]
                path = "/"
                timeout = 1.0
                """,
        }
    )
    site.up()
    port = urlsplit(site.url).port
    gone = threading.Event()

    def knock():
        while not gone.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
            try:
                connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
                connection.getresponse().read()
            except (TimeoutError, OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()

    threads = [threading.Thread(target=knock) for _ in range(60)]
    for thread in threads:
        thread.start()
    site.until(lambda: len(recorded(record)) > 30, "thirty views")
    gone.set()
    for thread in threads:
        thread.join()
    started = len(recorded(record))

    assert site.get("/quick").status == 200

    left = recorded(record)
    # Between being let in and its first line, a busy machine can put a thread aside.
    assert left.count(0) <= 1
    # Four are at work at once, and as many may have had a second left.
    assert len(left) - started <= 16
