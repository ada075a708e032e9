"""Callers who give up: how long the service works for nobody afterwards.

Sixty callers ask for a page of half a second, give up after one second and ask
again, for five seconds; one who is refused at once waits for the rest of that
second. Then one visitor asks for a page that takes no time, until it is
answered well again. The service notes when a view starts.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/given_up.py
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from rig.figures import keep, median, number, options, show
from rig.load import Answer, Asked, Visitors
from rig.lone import BRIEF, GUNICORN, OURS, Served, both
from rig.processes import Stage


CALLERS = 60
PATIENCE = 1.0
WELL = 0.1

# A request's deadline begins when it arrives, not when the caller begins to wait.
TRAVEL = 0.05
TOLD = f"{OURS}, callers say `Prefer: wait=1`"
TIMEOUT = f"{OURS}, a route with `timeout = 1`"
SERVICES = ("lone", BRIEF)
UNTOLD = f"{OURS}, callers say nothing"


@dataclass
class Side:
    """One side, and what became of all that was asked of it."""

    name: str
    served: Served
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    asked: list[Answer] = field(default_factory=list)
    well_after: list[float] = field(default_factory=list)

    async def round(self, seconds: float) -> None:
        """Let the callers come and go, then see how it is."""
        visitors = Visitors(self.served.port)
        begun = len(self.asked)

        def make(number: int) -> Asked:
            tag = f"{self.name}-{begun + number}"
            return Asked(
                path=f"{self.path}/slow?id={tag}",
                headers=self.headers,
                patience=PATIENCE,
                tag=tag,
            )

        self.asked += await visitors.callers(CALLERS, seconds, make, every=PATIENCE)
        self.well_after.append(await well_after(visitors, f"{self.path}/fast"))
        visitors.leave()

    def late(self) -> int:
        """Return how many views started when nobody waited for them any more."""
        gave_up = {answer.asked.tag: answer.ended for answer in self.asked}
        started = (line.split() for line in self.served.lines())
        return sum(
            tag in gave_up and float(at) > gave_up[tag] + TRAVEL for tag, at in started
        )

    def figures(self) -> dict[str, Any]:
        """Return what the callers left behind."""
        return {
            "asked": len(self.asked),
            "answered": sum(answer.ok for answer in self.asked),
            "started late": self.late(),
            "well after": self.well_after,
        }


async def well_after(visitors: Visitors, path: str) -> float:
    """Return the seconds until ten answers in a row are quick, from the first."""
    began = time.monotonic()
    row: list[Answer] = []
    while len(row) < 10 and time.monotonic() < began + 60:
        answer = await visitors.ask(Asked(path=path, patience=PATIENCE))
        row = [*row, answer] if answer.ok and answer.seconds < WELL else []
        await asyncio.sleep(0.02)
    return row[0].due - began if len(row) == 10 else 60.0


def main() -> None:
    """Run the rounds and print the table."""
    given = options(__doc__, {"rounds": 1, "seconds": 2.0}, rounds=2, seconds=5.0)
    with Stage() as stage:
        served = dict(both(stage, SERVICES))
        lone, brief = served[OURS].paths
        wait = (("Prefer", "wait=1"),)
        sides = {
            UNTOLD: Side("untold", served[OURS], lone),
            TOLD: Side("told", served[OURS], lone, wait),
            TIMEOUT: Side("timeout", served[OURS], brief),
        }
        if GUNICORN in served:
            sides[GUNICORN] = Side("gunicorn", served[GUNICORN], lone)
        sides = {name: side for name, side in sides.items() if given.only in name}
        for _ in range(given.rounds):
            for side in random.sample([*sides.values()], len(sides)):
                asyncio.run(side.round(given.seconds))
        results = {name: side.figures() for name, side in sides.items()}
    show(
        f"{CALLERS} callers who give up after 1 s, for {given.seconds:.0f} s",
        ("", "well again after, in s", "worst", "started too late", "answered"),
        [
            (
                name,
                *(
                    number(median(row["well after"]), 2),
                    number(max(row["well after"]), 2),
                ),
                *(str(row["started late"]), f"{row['answered']} of {row['asked']}"),
            )
            for name, row in results.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
