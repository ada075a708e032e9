"""A neighbour that hangs takes nobody with it (rows 2 and 7)."""

import os
import signal
import threading
from collections import Counter

from row_sites import CHAIN, all_at_once


HANGING = """
    import threading
    from flask import Flask

    app = Flask(__name__)


    @app.get("/hang")
    def hang():
        threading.Event().wait()


    @app.get("/")
    def page():
        return {"from": "back"}
    """


def test_pages_that_do_not_need_it_go_on(site):
    """Forty visitors wait for a page that hangs, and all others are served."""
    site.write(
        CHAIN
        | {
            "services/back/app.py": HANGING,
            "services/front/service.toml": """
                calls = ["middle", "back"]

                [[routes]]
                path = "/"
                timeout = 3.0
                """,
        }
    )
    site.up()
    dependent: Counter[int] = Counter()

    def wait_for_it():
        dependent.update(all_at_once(40, lambda: site.get("/to/hang").status))

    crowd = threading.Thread(target=wait_for_it)
    crowd.start()
    others = Counter(site.get("/alone").status for _ in range(200))
    crowd.join()

    assert others == {200: 200}
    # In time or not at all: nobody gets a bare 500, and nobody hangs with it.
    assert set(dependent) <= {503, 504}
    assert sum(dependent.values()) == 40


def test_a_stopped_worker_is_left_out_and_replaced(site):
    """SIGSTOP on one of two workers: few requests notice, and a new one comes."""
    site.write(
        CHAIN
        | {
            "services/back/service.toml": "workers = 2\n",
            "services/front/service.toml": """
                calls = ["middle", "back"]

                [[routes]]
                path = "/"
                timeout = 2.0
                """,
        }
    )
    site.up("--production")
    first = site.service("back")["pids"][0]
    assert site.get("/to/remaining").status == 200

    os.kill(first, signal.SIGSTOP)
    seen: Counter[int] = Counter()

    def replaced():
        seen[site.get("/to/remaining").status] += 1
        pids = site.service("back")["pids"]
        return len(pids) == 2 and first not in pids

    site.until(replaced, "the replacement")

    assert seen[200] > 0
    assert sum(seen.values()) - seen[200] <= 4
    assert Counter(site.get("/to/remaining").status for _ in range(40)) == {200: 40}
