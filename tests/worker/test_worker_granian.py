import json
import os
import resource
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from granian import _futures, _granian

from glassware.protocol import ALIVE
from glassware.worker import granian_private
from worker.callers import OWN, by, variables
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


QUART = """
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
"""
BOTH = pytest.mark.parametrize(
    ("text", "interface"), [(HELLO, "wsgi"), (QUART, "asgi")], ids=["wsgi", "asgi"]
)


@contextmanager
def other_granian(start, text, **facts):
    """A worker whose granian is another than the pinned one."""
    job = start.job({"app.py": text}, **facts)
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
    worker = Worker(job, read, log, pid=process.pid)
    try:
        yield worker
    finally:
        os.close(read)
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


@BOTH
def test_another_granian_serves_through_its_public_class(start, text, interface):
    """A service with a granian of its own is served all the same."""
    environment = {"STRIPE_KEY": "sk-canary", "PATH": os.environ["PATH"]}
    facts = {"mounts": ["/shop"], "environment": environment}
    with other_granian(start, text, **facts) as worker:
        assert worker.hear() == {"event": "started", "pid": worker.pid}
        assert worker.ready()["interface"] == interface
        headers = {"x-forwarded-prefix": "/shop", "x-forwarded-for": "192.0.2.7"}
        assert worker.ask("/shop/", headers=headers).json == {
            "root": "/shop",
            "address": "192.0.2.7",
        }
        assert b"canary" not in worker.ask("/environ").body
        assert worker.ask("/raise").status == 500
        assert Path(worker.socket).stat().st_mode & 0o777 == 0o600
    assert "ValueError: seen" in worker.log()


@BOTH
def test_another_granian_admits_as_ours_does(start, text, interface):
    """Who calls, whether there is time, and nothing of the key among variables."""
    with other_granian(start, text, environment=variables()) as worker:
        worker.ready()
        assert worker.ask("/").status == 401
        assert worker.ask("/", headers=by("accounts")).status == 403
        assert worker.ask(ALIVE).status == 204
        late = by("storefront") | {"X-Glassware-Deadline": "0"}
        assert worker.ask("/", headers=late).status == 504
        assert worker.ask("/", headers=by("storefront")).status == 200
        environ = worker.ask("/environ", headers=by("storefront")).body.decode()
        assert OWN.text not in environ
        if interface == "wsgi":
            assert "('glassware.caller', 'storefront')" in environ
            assert "X_GLASSWARE" not in environ
