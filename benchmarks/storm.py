"""A retry storm: how many requests reach a service that always fails.

A calls B, B calls C, and C answers 503 to everybody. One, eight and forty
callers share out the requests to A; what reaches C is counted by C. A first
hundred requests are not counted: they use up what a budget of retries is given
at its start.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/storm.py
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from rig import shop
from rig.figures import keep, number, options, show
from rig.load import Answer, Asked, Visitors, fates, spoken
from rig.processes import Stage
from rig.servers import have, nginx, text


CONCURRENCY = (1, 8, 40)
NO_BREAKER = f"{shop.WIRE}, no breaker"
NEVER = "[neighbours.{neighbour}]\nbreaker = 0\n"


@dataclass
class Side:
    """A side, and what reached its C."""

    port: int
    asked: Callable[[], str]
    reached: dict[int, list[float]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def storm(self, count: int, callers: int) -> None:
        """Ask, and note what reached C for each request."""
        before = self.count()
        answers = self.ask(count, callers)
        # Each of both counts is a request too.
        reached = self.count() - before - 1
        self.reached.setdefault(callers, []).append(reached / count)
        self.answers += answers

    def ask(self, count: int, callers: int) -> list[Answer]:
        """Let callers share out `count` requests."""
        asked = Asked(path="/chain", patience=15)
        return asyncio.run(Visitors(self.port).share(count, callers, lambda _: asked))

    def count(self) -> int:
        """Return how often C was asked."""
        return int(json.loads(self.asked())["count"])


def main() -> None:
    """Start the sides, run the storms, print the table."""
    given = options(__doc__, {"rounds": 1, "count": 100}, rounds=2, count=300)
    with Stage() as stage:
        sides = {n: s for n, s in start(stage).items() if given.only in n}
        for side in sides.values():
            side.ask(100, 1)
        for _ in range(given.rounds):
            for callers in CONCURRENCY:
                for side in random.sample([*sides.values()], len(sides)):
                    side.storm(given.count, callers)
    results = {
        name: {
            "reached": {str(n): max(found) for n, found in side.reached.items()},
            "statuses": fates(side.answers),
        }
        for name, side in sides.items()
    }
    show(
        f"Requests that reach C for one to A, the worst of {given.rounds} storms",
        ("", *(f"{n} at once" for n in CONCURRENCY), "A answered"),
        [
            (
                name,
                *(number(row["reached"][str(n)], 2) for n in CONCURRENCY),
                spoken(row["statuses"]),
            )
            for name, row in results.items()
        ],
    )
    keep(given, results)


def start(stage: Stage) -> dict[str, Side]:
    """Start all sides."""
    sides = {}
    if have("gunicorn") and have("requests"):
        ports = shop.requests(stage, "session", RETRIES="3")
        name = f"{shop.SESSION} with Retry(3)"
        for edge in nginx(stage, {name: {"": ports["storefront"]}}).values():
            sides[name] = Side(edge, lambda: text(ports["reviews"], "/count"))
    for name, tables in ((shop.WIRE, ""), (NO_BREAKER, NEVER)):
        port = shop.ours(stage, name.replace(" ", ""), tables=tables).wait()
        sides[name] = Side(port, lambda port=port: text(port, "/reviews/count"))
    return sides


if __name__ == "__main__":
    main()
