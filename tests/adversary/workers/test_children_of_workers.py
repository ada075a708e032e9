"""What a service forks is its own affair, and ends alone."""

import pytest


FLASK = """
import os, signal
from flask import Flask
app = Flask(__name__)

@app.get("/ended")
def ended():
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"x")
        while True:
            signal.pause()
    os.read(read, 1)
    os.kill(child, signal.SIGTERM)
    return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

@app.get("/pool")
def pool():
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(1) as workers:
        return str(workers.apply(abs, (-7,)))
"""
QUART = FLASK.replace("flask", "quart").replace("Flask", "Quart")


@pytest.mark.parametrize("server", ["granian", "threaded", "asgi"])
def test_a_signal_to_a_child_is_no_signal_to_its_worker(start, server):
    """`multiprocessing.Pool` ends its children so, after each use."""
    text, chosen = (QUART, None) if server == "asgi" else (FLASK, server)
    worker = start.fork(text, server=chosen)
    worker.ready()

    for _ in range(3):
        assert worker.ask("/ended").body == b"-15"
        assert worker.ask("/pool").body == b"7"

    worker.signal()
    assert worker.wait() == 0
