"""Three times as many requests as the service can answer.

First its peak: sixteen callers who ask one thing after the other. Then requests
at three times that rate, from visitors who wait two seconds and no longer:
how many are answered well, and how soon the others are told that they are not.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/overload.py
"""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from rig.figures import keep, median, number, options, percentile, show
from rig.load import Answer, Asked, Visitors, p99
from rig.lone import Served, both
from rig.processes import Stage


CALLERS = 16
TIMES = 3


@dataclass
class Side:
    """One side, and what became of all that was asked of it."""

    served: Served
    peak: list[float] = field(default_factory=list)
    good: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def round(self, seconds: float) -> None:
        """Measure the peak, then ask for more."""
        visitors = Visitors(self.served.port)
        asked = Asked(path=f"{self.served.paths[0]}/view", patience=2.0)
        calm = await visitors.callers(CALLERS, seconds / 2, lambda _: asked)
        self.peak.append(sum(a.ok for a in calm) / (seconds / 2))
        end = time.monotonic() + seconds
        answers = await visitors.at_rate(
            TIMES * self.peak[-1], seconds, lambda _: asked
        )
        # What is answered from the queue afterwards is no rate.
        good = sum(answer.ok and answer.ended < end for answer in answers)
        self.good.append(good / seconds)
        self.answers += answers
        # What is left in its queue does not belong to the next round.
        await asyncio.sleep(seconds / 2)
        visitors.leave()

    def figures(self) -> dict[str, Any]:
        """Return rates and times."""
        refused = [a.seconds * 1000 for a in self.answers if a.status == 503]
        good = [answer for answer in self.answers if answer.ok]
        return {
            "peak": median(self.peak),
            "good": median(self.good),
            "asked": len(self.answers),
            "refused": len(refused),
            "refused p50": median(refused),
            "refused p99": percentile(refused, 0.99),
            "no answer": sum(not answer.status for answer in self.answers),
            "p99": p99(good),
            "workers": len({json.loads(answer.body)["pid"] for answer in good}),
        }


def main() -> None:
    """Run the rounds and print the table."""
    given = options(__doc__, {"rounds": 1, "seconds": 3.0}, rounds=3, seconds=10.0)
    with Stage() as stage:
        sides = {n: Side(s) for n, s in both(stage) if given.only in n}
        for _ in range(given.rounds):
            for side in random.sample([*sides.values()], len(sides)):
                asyncio.run(side.round(given.seconds))
    results = {name: side.figures() for name, side in sides.items()}
    show(
        f"{TIMES} times the peak, for {given.seconds:.0f} s: answers a second, times in ms",
        (
            *("", "peak", "good", "% of peak", "p99 of good", "503"),
            *("p50 of 503", "p99 of 503", "no answer"),
        ),
        [
            (
                *(name, number(row["peak"]), number(row["good"])),
                *(number(100 * row["good"] / row["peak"]), number(row["p99"])),
                *(f"{row['refused']} of {row['asked']}", number(row["refused p50"], 1)),
                *(number(row["refused p99"], 1), str(row["no answer"])),
            )
            for name, row in results.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
