"""Services that are hard to end, must be there once, or have programs beside them."""

import socket
import sys
import time
from pathlib import Path

from waiting import until


ENDLESS = """
    import threading

    from flask import Flask

    app = Flask(__name__)


    def forever():
        event = threading.Event()
        while True:
            event.wait()


    threading.Thread(target=forever).start()


    @app.get("/")
    def index():
        return "here"
    """
# It ignores every request to end, and so does its child in a group of its own.
STUBBORN = """
    import os
    import signal
    import subprocess
    import sys
    from http.server import BaseHTTPRequestHandler, HTTPServer


    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"stubborn")


    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
    """
# State in a thread, and a lock that tells whether another is there.
ONCE = """
    import fcntl
    import threading
    from pathlib import Path

    from flask import Flask

    app = Flask(__name__)
    VERSION = 1
    steps = 0
    lock = open("running.lock", "w")


    def tell(what):
        with open("told.txt", "a") as file:
            file.write(what + "\\n")


    def count():
        global steps
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another runs")
        tell("started")
        while True:
            steps += 1
            threading.Event().wait(0.001)


    threading.Thread(target=count).start()


    @app.get("/")
    def index():
        return {"steps": steps, "version": VERSION}
    """
PAIR = {
    "services/shop/service.toml": """
        route = "/"

        [databases]
        queue = "redis"

        [environment]
        GREETING = "hello"

        [processes]
        packer = "python packer.py"
        """,
    "services/shop/app.py": """
        import os

        import redis
        from flask import Flask

        app = Flask(__name__)
        queue = redis.Redis.from_url(os.environ["REDIS_URL"])


        @app.post("/<job>")
        def work(job):
            queue.rpush("jobs", job)
            return "", 202


        @app.get("/done")
        def done():
            return [entry.decode() for entry in queue.lrange("done", 0, -1)]
        """,
    "services/shop/packer.py": """
        import os

        import redis

        queue = redis.Redis.from_url(os.environ["REDIS_URL"])
        while True:
            _, job = queue.blpop("jobs")
            if job == b"die":
                os._exit(1)
            queue.rpush("done", f"{os.environ['GREETING']} {job.decode()}")
        """,
}


def test_a_thread_that_never_ends_holds_up_neither_reload_nor_end(site):
    """The worker answers anew after a save, and the old process is gone."""
    site.write(
        {
            "services/endless/app.py": ENDLESS,
            "services/endless/service.toml": 'route = "/"\ndrain = 1.0\n',
        }
    )
    site.up()
    (before,) = site.service("endless")["pids"]

    path = site.folder / "services/endless/app.py"
    path.write_text(path.read_text().replace("here", "there"))
    site.until(lambda: site.get("/").text == "there", "the new code")
    site.until(lambda: not Path(f"/proc/{before}").exists(), "the old worker's end")

    began = time.monotonic()
    assert site.stop() == 0
    assert time.monotonic() - began < 5.0


def test_a_program_that_will_not_end_is_ended_with_its_children(site):
    """At the deadline its whole process group goes, and its port is free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    site.write(
        {
            "services/stubborn/server.py": STUBBORN,
            "services/stubborn/service.toml": f"""
                route = "/"
                command = "{sys.executable} server.py"
                drain = 0.5

                [address]
                port = {port}
                """,
        }
    )
    site.up()
    (before,) = site.service("stubborn")["pids"]

    assert site.run("restart", "stubborn").returncode == 0
    site.until(
        lambda: site.service("stubborn")["pids"] not in ([], [before]), "another"
    )
    site.until(lambda: site.get("/").text == "stubborn", "its answer")
    assert site.stop() == 0

    until(lambda: not site.processes(), "the end", patience=2.0)
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_service_that_must_run_once_never_runs_twice(site):
    """`reload = "replace"` ends the old, its threads included, before the new starts."""
    site.write(
        {
            "services/once/app.py": ONCE,
            "services/once/service.toml": 'route = "/"\nreload = "replace"\n',
        }
    )
    site.up()
    path = site.folder / "services/once/app.py"

    for version in range(2, 6):
        old, new = f"VERSION = {version - 1}", f"VERSION = {version}"
        path.write_text(path.read_text().replace(old, new))
        site.until(
            lambda version=version: site.get("/").json()["version"] == version,
            f"version {version}",
        )
    site.until(lambda: site.get("/").json()["steps"] > 1, "its thread")

    told = (site.folder / "services/once/told.txt").read_text().split("\n")
    assert told == ["started"] * 5 + [""]


def test_a_program_beside_a_service_shares_its_surroundings(site):
    """It sees the service's variables and database, and comes back when it dies."""
    site.write(PAIR)
    site.up()
    site.get("/tea", "POST")
    site.until(lambda: site.get("/done").json() == ["hello tea"], "the first job")
    (before,) = site.service("shop.packer")["pids"]

    site.get("/die", "POST")
    site.get("/jam", "POST")
    site.until(lambda: site.get("/done").json()[1:] == ["hello jam"], "the second job")

    assert site.service("shop.packer")["pids"] != [before]
    assert site.service("shop")["restarts"] == 0


def test_an_isolated_service_is_a_process_that_nobody_forked(site):
    """For extensions that cannot stand a fork; it answers and ends like any other."""
    app = """
        from pathlib import Path

        from flask import Flask

        app = Flask(__name__)


        @app.get("/")
        def index():
            return Path("/proc/self/cmdline").read_text().replace("\\0", " ")
        """
    site.write(
        {
            "services/forked/app.py": app,
            "services/forked/service.toml": 'route = "/forked"\n',
            "services/alone/app.py": app,
            "services/alone/service.toml": 'route = "/alone"\nisolated = true\n',
        }
    )
    site.up()

    assert " glassware.worker.zygote " in site.get("/forked/").text
    assert " glassware.worker " in site.get("/alone/").text
