"""The arcade: seconds until its databases are ready, and what it needs when idle.

Seven services on five kinds of databases, with a PostgreSQL that two of them share.
Twice in each round: with new databases, and again with their data in place. What is
fetched once is fetched before anything is timed.

    ./dev run python benchmarks/arcade.py
"""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rig.figures import keep, median, number, options, show
from rig.processes import Stage, descendants, pss, until
from rig.site import Site

from glassware.errors import GlasswareError
from glassware.runner.control import ask
from glassware.runner.state import State


ARCADE = Path(__file__).parent.parent / "examples" / "arcade"
DATABASES = 6
WITHIN = 90


def start(stage: Stage, folder: Path) -> tuple[Site, float, float]:
    """Start the site; return seconds until the databases, and until everything."""
    began = time.monotonic()
    site = Site(stage, folder)
    until(lambda: _databases(folder) == DATABASES, WITHIN)
    databases = time.monotonic() - began
    until(lambda: "ready in" in stage.log(folder.name), WITHIN)
    return site, databases, time.monotonic() - began


def memory(site: Site) -> Iterator[tuple[str, float]]:
    """Return how many MB each kind of process has."""
    engines = {
        engine["pid"]: engine["engine"]
        for engine in _snapshot(site.folder).get("engines", ())
    }
    every = [site.process.pid, *descendants(site.process.pid)]
    for pid in every:
        known = (engines[above] for above in _line(pid, every) if above in engines)
        yield next(known, _kind(pid)), pss(pid)


def _databases(folder: Path) -> int:
    engines = _snapshot(folder).get("engines", ())
    servers = {engine["key"] for engine in engines if engine["ready"]}
    # Two services have a database each on the one PostgreSQL.
    return len(servers) + ("postgresql" in servers)


def _snapshot(folder: Path) -> dict[str, Any]:
    try:
        return ask(State(folder).running().control, "snapshot")
    except (GlasswareError, OSError):
        return {}


def _line(pid: int, every: list[int]) -> Iterator[int]:
    """Return a process and those above it, as far as they are the site's."""
    while pid in every:
        yield pid
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        pid = int(stat.split()[1])


def _kind(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if b"envoy" in command:
        return "gateway"
    return "services" if b"worker" in command else "runner"


def main() -> None:
    """Run the rounds and print medians."""
    given = options(__doc__, {"rounds": 1}, rounds=5)
    fetch = [sys.executable, "-m", "glassware", "install", "--yes"]
    subprocess.run(fetch, cwd=ARCADE, check=True)
    times: dict[str, list[tuple[float, float]]] = {"new": [], "with data": []}
    sizes: Counter[str] = Counter()
    ignore = shutil.ignore_patterns(".glassware", "__pycache__")
    for _ in range(given.rounds):
        with Stage() as stage:
            folder = stage.folder / "arcade"
            shutil.copytree(ARCADE, folder, ignore=ignore)
            for measured in times.values():
                site, *seconds = start(stage, folder)
                measured.append((seconds[0], seconds[1]))
                if len(measured) == given.rounds:
                    sizes = Counter()
                    for kind, size in memory(site):
                        sizes[kind] += size
                site.stop()
    show(
        "From the command, in s",
        ("", "databases ready", "worst", "everything ready", "worst"),
        [
            (
                name,
                *(
                    number(f(v), 2)
                    for v in zip(*rows, strict=True)
                    for f in (median, max)
                ),
            )
            for name, rows in times.items()
        ],
    )
    rows = [*sizes.most_common(), ("all", sum(sizes.values()))]
    show(
        "Memory of the idle site, in MB",
        ("", "MB"),
        [(name, number(size)) for name, size in rows],
    )
    keep(given, {"seconds": times, "memory": sizes})


if __name__ == "__main__":
    main()
