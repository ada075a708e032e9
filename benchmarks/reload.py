"""From a save to the new code being served, for a small service.

Each round saves another version and asks the gateway until it answers with it.
The other side is Flask's own development server with its reloader.

    ./dev run python benchmarks/reload.py
"""

import argparse
import http.client
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
    return "version {version}"
"""


def ask(port: int) -> str:
    """Return what the server answers, or nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def until(port: int, text: str) -> float:
    """Return the seconds until the server answers with `text`."""
    began = time.monotonic()
    while ask(port) != text:
        if time.monotonic() - began > 30:
            raise TimeoutError(text)
        time.sleep(0.002)
    return time.monotonic() - began


def save(file: Path, version: int) -> None:
    """Save another version."""
    file.write_text(APP.replace("{version}", str(version)))


def main() -> None:
    """Run the rounds, both sides in turn, and print medians and the ratio."""
    # Some environments forbid what every other Python does: keep compiled code.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        service = Path(place) / "site" / "services" / "small"
        service.mkdir(parents=True)
        (service / "service.toml").write_text('route = "/"\n')
        alone = Path(place) / "alone"
        alone.mkdir()
        files = {"glassware": service / "app.py", "flask run": alone / "app.py"}
        for file in files.values():
            save(file, 0)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        servers = [
            subprocess.Popen(
                [sys.executable, "-m", "glassware", "up"],
                cwd=Path(place) / "site",
                stdout=subprocess.DEVNULL,
            ),
            subprocess.Popen(
                [sys.executable, "-m", "flask", "run", "--debug", "-p", str(port)],
                cwd=alone,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            ),
        ]
        try:
            note = Path(place) / "site" / ".glassware" / "site.json"
            while not note.exists() or "localhost:" not in note.read_text():
                time.sleep(0.01)
            ours = int(note.read_text().split("localhost:")[1].split('"')[0])
            ports = {"glassware": ours, "flask run": port}
            times: dict[str, list[float]] = {name: [] for name in files}
            for number in ports.values():
                until(number, "version 0")
            for version in range(1, rounds + 1):
                for name, file in files.items():
                    save(file, version)
                    times[name].append(until(ports[name], f"version {version}"))
                    time.sleep(0.5)
        finally:
            servers[0].send_signal(signal.SIGINT)
            servers[0].wait(20)
            # The reloader has a child of its own.
            os.killpg(servers[1].pid, signal.SIGKILL)
            servers[1].wait(20)
    base = statistics.median(times["glassware"])
    for name, row in times.items():
        middle = statistics.median(row)
        print(
            f"{name:10} median {middle * 1000:6.0f} ms  worst {max(row) * 1000:6.0f} ms"
            f"  ({middle / base:.2f} x)"
        )


if __name__ == "__main__":
    main()
