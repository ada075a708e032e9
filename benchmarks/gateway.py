"""What the gateway adds to a request, against the worker asked directly.

One site with one service; a keep-alive connection through the gateway and one
to the worker's own socket, in turn.

    ./dev run python benchmarks/gateway.py
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


APP = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"hello": "world"}
"""
HEADERS = {"Host": "localhost"}


def median(connection: http.client.HTTPConnection, count: int) -> float:
    """Return the median of `count` requests, in microseconds."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", "/", headers=HEADERS)
        connection.getresponse().read()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def main() -> None:
    """Run the rounds and print medians, the difference and the ratio."""
    # Some environments forbid what every other Python does: keep compiled code.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        service = folder / "services" / "small"
        service.mkdir(parents=True)
        (service / "app.py").write_text(APP)
        (service / "service.toml").write_text('route = "/"\n')
        site = subprocess.Popen(
            [sys.executable, "-m", "glassware", "up"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            while "ready in" not in site.stdout.readline():
                pass
            note = json.loads((folder / ".glassware" / "site.json").read_text())
            port = int(note["url"].rpartition(":")[2])
            sockets = Path(note["control"]).parent / "services" / "small"
            through = http.client.HTTPConnection("127.0.0.1", port)
            direct = http.client.HTTPConnection("worker")
            direct.sock = socket.socket(socket.AF_UNIX)
            direct.sock.connect(str(next(sockets.iterdir())))
            rows = []
            for _ in range(options.rounds):
                HEADERS["Host"] = f"localhost:{port}"
                rows.append(
                    (median(through, options.count), median(direct, options.count))
                )
        finally:
            site.send_signal(signal.SIGINT)
            site.communicate(timeout=20)
    gateway, worker = (statistics.median(side) for side in zip(*rows, strict=True))
    print(f"through the gateway {gateway:6.0f} µs")
    print(f"the worker directly {worker:6.0f} µs")
    print(f"the gateway adds    {gateway - worker:6.0f} µs  ({gateway / worker:.2f} x)")


if __name__ == "__main__":
    main()
