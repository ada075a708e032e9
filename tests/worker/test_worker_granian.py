import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from granian import _futures, _granian

from glassware.worker import granian_private
from worker.worker_process import Worker


HELLO = """
import os, sys
from flask import Flask, request
app = Flask(__name__)

@app.get("/")
def home():
    return {"root": request.script_root, "address": request.remote_addr}

@app.get("/environ")
def environ():
    return repr(sorted(request.environ.items()))

@app.get("/raise")
def fail():
    raise ValueError("seen")
"""
WSGI_SIGNATURE = (
    "(worker_id, sock, ipc, threads=1, blocking_threads=512, py_threads=1, "
    'py_threads_idle_timeout=30, backpressure=128, http_mode="1", '
    "http1_opts=None, http2_opts=None, static_files=None, ssl_enabled=False, "
    'ssl_cert=None, ssl_key=None, ssl_key_password=None, ssl_protocol_min="1.3", '
    "ssl_ca=None, ssl_crl=..., ssl_client_verify=False, metrics=...)"
)
ASGI_SIGNATURE = WSGI_SIGNATURE.replace("backpressure=128", "backpressure=256").replace(
    "static_files", "websockets_enabled=False, static_files"
)


def test_the_private_parts_are_as_they_were():
    """A new granian must be looked at before it is pinned: this fails first."""
    assert _granian.__version__ == granian_private.VERSION
    assert _granian.WSGIWorker.__text_signature__ == WSGI_SIGNATURE
    assert _granian.ASGIWorker.__text_signature__ == ASGI_SIGNATURE
    assert _granian.SocketHolder.__text_signature__ == "(fd, uds, backlog)"
    assert {"set", "add_cb"} <= set(dir(_granian.WorkerSignal))
    assert {"serve_mtr", "serve_mtr_uds"} <= set(dir(_granian.WSGIWorker))
    assert {"serve_async", "serve_async_uds"} <= set(dir(_granian.ASGIWorker))
    new = _futures._new_cbscheduler.__code__
    assert new.co_varnames[: new.co_argcount] == ("loop", "cb", "impl_asyncio")
    watcher = _futures._future_watcher_wrapper.__code__
    assert watcher.co_varnames[: watcher.co_argcount] == ("inner",)
    assert granian_private.fits()


def test_idle_connections_do_not_silence_a_worker(start):
    """1,500 connections that say nothing, half of them kept alive, cost nobody else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    worker = start.fork(HELLO)
    worker.ready()
    idle = []
    try:
        for number in range(1500):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(20)
            idle.append(client)
            client.connect(worker.socket)
            if number % 2:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        asked = time.monotonic()
        assert worker.ask("/").status == 200
        assert time.monotonic() - asked < 5
    finally:
        for client in idle:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


OTHER_GRANIAN = """
import runpy, sys
import glassware.worker.granian_private as private
private.VERSION = "0.0.0"
sys.argv[0] = "glassware.worker"
runpy.run_module("glassware.worker", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("text", "interface", "status"),
    [
        (HELLO, "wsgi", 500),
        (
            """
            from quart import Quart, request
            app = Quart(__name__)

            @app.before_serving
            async def begin():
                app.begun = True

            @app.get("/")
            async def home():
                assert app.begun
                return {"root": request.root_path, "address": request.remote_addr}

            @app.get("/environ")
            async def environ():
                return ""

            @app.get("/raise")
            async def fail():
                raise ValueError("seen")
            """,
            "asgi",
            500,
        ),
    ],
    ids=["wsgi", "asgi"],
)
def test_another_granian_serves_through_its_public_class(
    start, text, interface, status
):
    """A service with a granian of its own is served all the same."""
    environment = {"STRIPE_KEY": "sk-canary", "PATH": os.environ["PATH"]}
    job = start.job({"app.py": text}, mounts=["/shop"], environment=environment)
    read, write = os.pipe()
    log = start.folder / "log"
    with log.open("wb") as output, (start.folder / "job").open("w+b") as file:
        file.write(json.dumps(job).encode())
        file.seek(0)
        arguments = ["--status", str(write), "--job", str(file.fileno())]
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER_GRANIAN, *arguments],
            pass_fds=[write, file.fileno()],
            stdout=output,
            stderr=output,
        )
    os.close(write)
    try:
        with os.fdopen(read) as status_pipe:
            assert json.loads(status_pipe.readline()) == {
                "event": "started",
                "pid": process.pid,
            }
            ready = json.loads(status_pipe.readline())
            assert (ready["event"], ready["interface"]) == ("ready", interface)
        headers = {"x-forwarded-prefix": "/shop", "x-forwarded-for": "192.0.2.7"}
        worker = Worker(job, -1, log)
        assert worker.ask("/shop/", headers=headers).json == {
            "root": "/shop",
            "address": "192.0.2.7",
        }
        assert b"canary" not in worker.ask("/environ").body
        assert worker.ask("/raise").status == status
        assert Path(job["socket"]).stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    assert "ValueError: seen" in log.read_text()
