"""A hundred one-file Flask services: time until all answer, memory of each.

Three sides in one run, one after the other, several rounds: glassware, a
gunicorn process for each, a granian process for each.

    ./dev run --with gunicorn python benchmarks/hundred_services.py
"""

import argparse
import http.client
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


APP = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"service": __name__}
"""


def write_site(folder: Path, count: int) -> list[str]:
    """Write `count` services; return their names."""
    names = [f"s{number:03}" for number in range(count)]
    for name in names:
        service = folder / "services" / name
        service.mkdir(parents=True)
        (service / "app.py").write_text(APP)
        (service / "service.toml").write_text(f'route = "/{name}"\n')
    return names


def answers(port: int, path: str, unix: Path | None = None) -> bool:
    """Whether a GET of `path` gives a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    if unix is not None:
        connection.sock = socket.socket(socket.AF_UNIX)
    try:
        if unix is not None:
            connection.sock.connect(str(unix))
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def until_all(checks: list[Callable[[], bool]], seconds: float = 180.0) -> None:
    """Return when every check has been true once."""
    deadline = time.monotonic() + seconds
    left = list(checks)
    while left:
        left = [check for check in left if not check()]
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(left)} do not answer")
        if left:
            time.sleep(0.01)


def pss(pid: int) -> float:
    """Return the proportional memory of a process in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> Iterator[int]:
    """Return the processes below one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from descendants(child)


def glassware(folder: Path, names: list[str]) -> tuple[float, float]:
    """Return seconds until all answer, and MB for each worker."""
    began = time.monotonic()
    site = subprocess.Popen(
        [sys.executable, "-m", "glassware", "up"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        note = folder / ".glassware" / "site.json"
        until_all([lambda: note.exists() and "localhost:" in note.read_text()])
        port = int(note.read_text().split("localhost:")[1].split('"')[0])
        until_all([lambda n=n: answers(port, f"/{n}/") for n in names])
        seconds = time.monotonic() - began
        workers = [
            pid
            for pid in descendants(site.pid)
            if b"worker.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return seconds, statistics.mean(pss(pid) for pid in workers)
    finally:
        site.send_signal(signal.SIGINT)
        site.wait(30)
        shutil.rmtree(folder / ".glassware", ignore_errors=True)


def each(command: Callable[[Path], list[str]], folder: Path, names: list[str]):
    """The same for one server process started by hand for each service."""
    began = time.monotonic()
    processes: list[subprocess.Popen[bytes]] = []
    with sockets() as place:
        try:
            processes += [
                subprocess.Popen(
                    command(place / name),
                    cwd=folder / "services" / name,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for name in names
            ]
            until_all([lambda n=n: answers(80, "/", place / n) for n in names])
            seconds = time.monotonic() - began
            total = sum(
                pss(pid) for p in processes for pid in (p.pid, *descendants(p.pid))
            )
            return seconds, total / len(names)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


@contextmanager
def sockets() -> Iterator[Path]:
    """A short-pathed folder for sockets."""
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as folder:
        yield Path(folder)


def gunicorn(path: Path) -> list[str]:
    """A gunicorn with one worker."""
    options = ["--no-control-socket"] if "--no-control-socket" in HELP else []
    return [sys.executable, "-m", "gunicorn", "app:app", "-b", f"unix:{path}", *options]


def granian(path: Path) -> list[str]:
    """A granian with one worker."""
    return [
        *(sys.executable, "-m", "granian", "app:app", "--interface", "wsgi"),
        *("--uds", str(path), "--workers", "1"),
    ]


HELP = subprocess.run(
    [sys.executable, "-m", "gunicorn", "--help"],
    capture_output=True,
    text=True,
    check=False,
).stdout


def main() -> None:
    """Run the rounds and print medians and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sides: dict[str, Callable[[Path, list[str]], tuple[float, float]]] = {
        "glassware": glassware,
        "granian each": lambda f, n: each(granian, f, n),
    }
    if HELP:
        sides["gunicorn each"] = lambda f, n: each(gunicorn, f, n)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "site"
        names = write_site(folder, options.count)
        for _ in range(options.rounds):
            for side, run in sides.items():
                results[side].append(run(folder, names))
    base = [statistics.median(x) for x in zip(*results["glassware"], strict=True)]
    print(f"{options.count} services, {options.rounds} rounds, medians")
    for side, rows in results.items():
        seconds, memory = (statistics.median(x) for x in zip(*rows, strict=True))
        print(
            f"{side:14} all answer after {seconds:6.2f} s ({seconds / base[0]:5.2f} x)"
            f"   {memory:6.1f} MB each ({memory / base[1]:5.2f} x)"
        )


if __name__ == "__main__":
    main()
