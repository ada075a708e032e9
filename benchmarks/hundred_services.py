"""A hundred one-file Flask services: time until all answer, memory of each.

Three sides in one run, one after the other, several rounds: glassware, a
gunicorn process for each, a granian process for each.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/hundred_services.py
"""

import http.client
import shutil
import socket
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rig.figures import keep, number, options, ratio, show
from rig.processes import Stage, descendants, pss, until
from rig.servers import answers, have
from rig.site import Site, write


APP = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"service": __name__}
"""
Run = Callable[[Stage, list[str]], tuple[float, float]]


def glassware(stage: Stage, names: list[str]) -> tuple[float, float]:
    """Return seconds until all answer, and MB for each worker."""
    began = time.monotonic()
    site = Site(stage, stage.folder / "site")
    until(lambda: site.port, 180)
    until_all([lambda n=n: answers(site.port, f"/{n}/") for n in names])
    seconds = time.monotonic() - began
    workers = [
        pid
        for pid in descendants(site.process.pid)
        if b"worker.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    memory = statistics.mean(pss(pid) for pid in workers)
    site.stop()
    shutil.rmtree(site.folder / ".glassware", ignore_errors=True)
    return seconds, memory


def gunicorn(stage: Stage, names: list[str]) -> tuple[float, float]:
    """The same for a gunicorn with one worker for each service."""
    argv = [sys.executable, "-m", "gunicorn", "app:app", "--no-control-socket"]
    return each([*argv, "--bind", "unix:{socket}"], stage, names)


def granian(stage: Stage, names: list[str]) -> tuple[float, float]:
    """The same for a granian with one worker for each service."""
    argv = [sys.executable, "-m", "granian", "app:app", "--interface", "wsgi"]
    return each([*argv, "--workers", "1", "--uds", "{socket}"], stage, names)


def each(argv: list[str], outer: Stage, names: list[str]) -> tuple[float, float]:
    """The same for one server process started by hand for each service."""
    with Stage() as stage:
        began = time.monotonic()
        processes = [
            stage.start(
                name,
                [word.format(socket=stage.folder / f"{name}.sock") for word in argv],
                cwd=outer.folder / "site" / "services" / name,
            )
            for name in names
        ]
        until_all([lambda n=n: answers_at(stage.folder / f"{n}.sock") for n in names])
        seconds = time.monotonic() - began
        pids = [pid for p in processes for pid in (p.pid, *descendants(p.pid))]
        return seconds, sum(map(pss, pids)) / len(names)


def until_all(checks: list[Callable[[], bool]]) -> None:
    """Return when every check has been true once."""
    left = list(checks)

    def none_left() -> bool:
        left[:] = [check for check in left if not check()]
        return not left

    until(none_left, 180)


def answers_at(unix: Path) -> bool:
    """Whether a server at a unix socket answers."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.connect(str(unix))
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def main() -> None:
    """Run the rounds and print medians and ratios."""
    quick = {"count": 10, "rounds": 1}
    given = options(__doc__, quick, count=100, rounds=3)
    sides: dict[str, Run] = {"glassware": glassware, "granian each": granian}
    if have("gunicorn"):
        sides["gunicorn each"] = gunicorn
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    names = [f"s{number:03}" for number in range(given.count)]
    with Stage() as stage:
        for name in names:
            folder = f"services/{name}"
            manifest = f'route = "/{name}"\n'
            files = {f"{folder}/app.py": APP, f"{folder}/service.toml": manifest}
            write(stage.folder / "site", files)
        for _ in range(given.rounds):
            for side, run in sides.items():
                results[side].append(run(stage, names))
    medians = {
        side: [statistics.median(x) for x in zip(*rows, strict=True)]
        for side, rows in results.items()
    }
    base = medians["glassware"]
    show(
        f"{given.count} services: medians of {given.rounds} rounds",
        ("", "all answer after, in s", "ratio", "MB each", "ratio"),
        [
            (
                *(side, number(seconds, 2), ratio(seconds, base[0])),
                *(number(memory, 1), ratio(memory, base[1])),
            )
            for side, (seconds, memory) in medians.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
