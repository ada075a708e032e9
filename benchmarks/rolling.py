"""New versions under load: failures, slowness, and old answers after new ones.

Requests come at a rate, three GET to one POST, to services with two workers
each: first for a while with nothing else going on, then while ten versions are
released, one after the other: `glassware restart`, or a HUP to gunicorn.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/rolling.py
"""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from rig.figures import keep, number, options, ratio, show
from rig.load import Answer, Visitors, p99
from rig.lone import Served, both
from rig.processes import Stage


SERVICES = ("one", "two", "three")


@dataclass
class Run:
    """One side, and what became of all that was asked of it."""

    served: Served
    steady: list[Answer] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def go(self, rate: float, releases: int, every: float) -> None:
        """Ask for a while, then go on while versions are released."""
        visitors = Visitors(self.served.port)
        self.steady = await visitors.at_rate(rate, every * 3, self.served.mixed)
        asking = asyncio.create_task(
            visitors.at_rate(
                rate,
                every * (releases + 1),
                lambda given: self.served.mixed(len(self.steady) + given),
            )
        )
        for version in range(2, releases + 2):
            pause = asyncio.create_task(asyncio.sleep(every))
            await asyncio.to_thread(self.served.release, version)
            await pause
        self.answers = await asking
        visitors.leave()

    def figures(self) -> dict[str, Any]:
        """Return what visitors noticed."""
        good = [a for a in self.answers if a.ok]
        return {
            "asked": len(self.answers),
            "failed": len(self.answers) - len(good),
            "back": self._back(good),
            "last": max(version_of(answer) for answer in good),
            "steady p99": p99(self.steady),
            "p99": p99(self.answers),
        }

    def _back(self, good: list[Answer]) -> int:
        """Return how many got an older version than somebody had before they asked."""
        first: dict[tuple[str, int], float] = defaultdict(lambda: float("inf"))
        for answer in good:
            version = answer.asked.tag, version_of(answer)
            first[version] = min(first[version], answer.ended)
        return sum(
            first[answer.asked.tag, version_of(answer) + 1] < answer.due
            for answer in good
        )


def version_of(answer: Answer) -> int:
    """Return the version that answered."""
    return int(json.loads(answer.body)["version"])


def main() -> None:
    """Run both sides and print the table."""
    quick = {"releases": 2, "every": 2.0}
    given = options(__doc__, quick, rate=200.0, releases=10, every=5.0)
    with Stage() as stage:
        runs = {n: Run(s) for n, s in both(stage, SERVICES, 2) if given.only in n}
        for run in runs.values():
            asyncio.run(run.go(given.rate, given.releases, given.every))
        results = {name: run.figures() for name, run in runs.items()}
    show(
        f"{given.releases} new versions, {given.rate:.0f} requests a second",
        ("", "failed", "old after new", "last", "p99 steady", "p99", "ratio"),
        [
            (
                *(name, f"{row['failed']} of {row['asked']}", str(row["back"])),
                *(str(row["last"]), number(row["steady p99"]), number(row["p99"])),
                ratio(row["p99"], row["steady p99"]),
            )
            for name, row in results.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
