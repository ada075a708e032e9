"""What a call to a neighbour costs, and a page that makes ten of them.

The same services written nine ways, all running at once and asked in turn, in
rounds: one application that calls functions; Flask on gunicorn with `requests`
or gRPC; FastAPI with httpx; Nameko; ours over the wire and in a group. A call
is timed inside the caller, CPU is that of caller and callee; a page is timed
from outside, on a kept connection through its edge.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/calls.py
"""

import json
import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rig import shop
from rig.figures import keep, median, number, options, ratio, show
from rig.kept import Kept
from rig.processes import Stage, cpu, until
from rig.servers import answers, nginx


PAGES = {"in turn": "/page", "at once": "/together"}
DIRECT = f"{shop.FUNCTIONS}, no edge"


@dataclass
class Called:
    """A side whose calls are measured."""

    port: int
    wall: list[float] = field(default_factory=list)
    caller: list[float] = field(default_factory=list)
    callee: list[float] = field(default_factory=list)
    grouped: bool = False

    @cached_property
    def asked(self) -> Kept:
        """A connection to its A."""
        return Kept(self.port)

    def block(self, count: int) -> None:
        """Let its A make `count` calls."""
        pids = self.pids()
        before = [cpu(pid) for pid in pids]
        times = json.loads(self.asked.ask(f"/calls/{count}")[1])["times"]
        used = [cpu(pid) - b for pid, b in zip(pids, before, strict=True)]
        self.wall += [each / 1000 for each in times]
        self.caller.append(used[0] / count * 1e6)
        self.callee.append(used[1] / count * 1e6)

    def pids(self) -> list[int]:
        """Return caller and callee."""
        found: list[int] = json.loads(self.asked.ask("/calls/1")[1])["pids"]
        self.grouped = found[0] == found[1]
        return found

    def figures(self) -> dict[str, float]:
        """Return medians in microseconds."""
        caller, callee = median(self.caller), median(self.callee)
        return {
            "wall": median(self.wall),
            "caller": caller,
            "callee": 0.0 if self.grouped else callee,
            "both": caller if self.grouped else caller + callee,
        }


@dataclass
class Page:
    """A side whose pages are measured."""

    port: int
    outside: dict[str, list[float]] = field(default_factory=dict)
    inside: dict[str, list[float]] = field(default_factory=dict)

    @cached_property
    def asked(self) -> Kept:
        """A connection to its edge."""
        return Kept(self.port)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The pages that it has."""
        return {n: path for n, path in PAGES.items() if answers(self.port, path)}

    def block(self, count: int) -> None:
        """Ask for each page `count` times."""
        for name, path in self.pages.items():
            for _ in range(count):
                took, body = self.asked.ask(path)
                seconds = json.loads(body)["seconds"]
                self.outside.setdefault(name, []).append(took * 1000)
                self.inside.setdefault(name, []).append(seconds * 1000)

    def figures(self) -> dict[str, float]:
        """Return medians in milliseconds."""
        return {
            "outside": median(self.outside["in turn"]),
            "inside": median(self.inside["in turn"]),
            "at once": median(self.outside.get("at once", [])),
        }


def main() -> None:
    """Start every side, run the rounds, print both tables."""
    quick = {"rounds": 2, "block": 20, "pages": 3}
    given = options(__doc__, quick, rounds=20, block=100, pages=15)
    with Stage() as stage:
        doors, edges = start(stage)
        called = {n: Called(port) for n, port in doors.items() if given.only in n}
        pages = {n: Page(port) for n, port in edges.items() if given.only in n}
        for side in called.values():
            until(lambda port=side.port: answers(port, PAGES["in turn"]))
        for _ in range(given.rounds):
            # Nobody always comes after the same side, whose garbage may be busy.
            for one in random.sample([*called.values()], len(called)):
                one.block(given.block)
            for other in random.sample([*pages.values()], len(pages)):
                other.block(given.pages)
    results = {
        "calls": {name: side.figures() for name, side in called.items()},
        "pages": {name: side.figures() for name, side in pages.items()},
    }
    report(results)
    keep(given, results)


def start(stage: Stage) -> tuple[dict[str, int], dict[str, int]]:
    """Start all sides; return their A's own ports, and those of their edges."""
    doors = dict(shop.rivals(stage))
    behind = nginx(stage, {name: {"": port} for name, port in doors.items()})
    edges = {DIRECT: doors[shop.FUNCTIONS], **behind}
    wire = shop.ours(stage, "wire")
    own = {shop.WIRE: wire.wait(), **shop.grouped(stage)}
    return doors | own, edges | own


def report(results: dict[str, Any]) -> None:
    """Print both tables."""
    calls, pages = results["calls"], results["pages"]
    wire = calls.get(shop.WIRE, {"wall": 0, "both": 0})
    show(
        "One call: medians in µs, and how often ours over the wire is in it",
        ("", "wall", "ratio", "CPU caller", "CPU callee", "CPU both", "ratio"),
        [
            (
                name,
                *(number(row["wall"]), ratio(row["wall"], wire["wall"])),
                *(number(row["caller"]), number(row["callee"])),
                *(number(row["both"]), ratio(row["both"], wire["both"])),
            )
            for name, row in calls.items()
        ],
    )
    plain, session = (
        pages.get(name, {"outside": 0})["outside"] for name in (DIRECT, shop.SESSION)
    )
    show(
        "A page of ten calls: medians in ms, through its edge",
        ("", "in turn", "to one app", "to requests", "in the view", "at once"),
        [
            (
                name,
                *(number(row["outside"], 2), ratio(row["outside"], plain)),
                *(ratio(row["outside"], session), number(row["inside"], 2)),
                number(row["at once"], 2),
            )
            for name, row in pages.items()
        ],
    )


if __name__ == "__main__":
    main()
