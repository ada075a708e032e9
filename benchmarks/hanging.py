"""A neighbour that hangs: what becomes of pages that do not need it.

Three states in turn: quiet; 40 callers at a page that needs B; the same while
B hangs. Meanwhile other visitors ask, 50 times a second, for a page of the
same service that needs nobody. The page that needs B may take two seconds.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/hanging.py
"""

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

from rig import shop
from rig.figures import keep, number, options, ratio, show
from rig.load import Answer, Asked, Visitors, fates, p99, share_ok, spoken
from rig.processes import Stage, until
from rig.servers import answers, have, nginx


DEADLINE = 2.0
CALLERS = 40
STATES = ("quiet", "40 callers", "B hangs")
ENVIRONMENT = '[environment]\nHANGS = "{flag}"\n'


@dataclass
class Side:
    """A side, and what its visitors got in each state."""

    port: int
    unrelated: dict[str, list[Answer]] = field(default_factory=dict)
    dependent: list[Answer] = field(default_factory=list)

    async def round(self, seconds: float, flag: Path) -> None:
        """Go through the states once."""
        visitors = Visitors(self.port)
        for state in STATES:
            if state == "B hangs":
                flag.touch()
            asking = [visitors.at_rate(50, seconds, lambda _: Asked(path="/quiet"))]
            if state != "quiet":
                asking.append(visitors.callers(CALLERS, seconds, dependent, every=1.0))
            unrelated, *knocked = await asyncio.gather(*asking)
            self.unrelated.setdefault(state, []).extend(unrelated)
            if state == "B hangs":
                self.dependent += knocked[0]
        flag.unlink()
        visitors.leave()

    def figures(self) -> dict[str, object]:
        """Return what became of both kinds of page."""
        late = [
            a for a in self.dependent if a.seconds > DEADLINE + 0.05 or not a.status
        ]
        return {
            "p99": {state: p99(answers) for state, answers in self.unrelated.items()},
            "ok": {state: share_ok(found) for state, found in self.unrelated.items()},
            "asked": {state: len(found) for state, found in self.unrelated.items()},
            "dependent": len(self.dependent),
            "dependent p99": p99(self.dependent),
            "dependent in time": 100 * (1 - len(late) / len(self.dependent)),
            "statuses": fates(self.dependent),
        }


def dependent(_: int) -> Asked:
    """Return the request for the page that needs B."""
    return Asked(path="/dependent", patience=10)


def main() -> None:
    """Start the sides, run the rounds, print the table."""
    given = options(__doc__, {"rounds": 1, "seconds": 3.0}, rounds=2, seconds=6.0)
    with Stage() as stage:
        flag = stage.folder / "hangs"
        sides = {n: Side(p) for n, p in start(stage, flag).items() if given.only in n}
        for _ in range(given.rounds):
            for side in random.sample([*sides.values()], len(sides)):
                asyncio.run(side.round(given.seconds, flag))
                until(lambda port=side.port: answers(port, "/dependent"))
    results = {name: side.figures() for name, side in sides.items()}
    report(results)
    keep(given, results)


def start(stage: Stage, flag: Path) -> dict[str, int]:
    """Start all sides; return the ports of their edges."""
    edges = {}
    if have("gunicorn") and have("requests"):
        ports = shop.requests(stage, "session", TIMEOUT=str(DEADLINE), HANGS=str(flag))
        edges = nginx(stage, {shop.SESSION: {"": ports["storefront"]}})
    tables = ENVIRONMENT.format(flag=flag)
    wire = shop.ours(stage, "wire", "", DEADLINE, tables)
    grouped = shop.grouped(stage, DEADLINE, tables)
    return edges | {shop.WIRE: wire.wait(), **grouped}


def report(results: dict[str, dict]) -> None:
    """Print the table."""
    show(
        "A page that needs nobody: p99 in ms (and % answered)",
        ("", *STATES, "B hangs / quiet"),
        [
            (
                name,
                *(f"{number(row['p99'][s], 1)} ({row['ok'][s]:.1f} %)" for s in STATES),
                ratio(row["p99"]["B hangs"], row["p99"]["quiet"]),
            )
            for name, row in results.items()
        ],
    )
    show(
        "The page that needs B, while B hangs; it may take 2 s",
        ("", "asked", "in time", "p99 in s", "statuses"),
        [
            (
                name,
                *(str(row["dependent"]), f"{row['dependent in time']:.1f} %"),
                number(row["dependent p99"] / 1000, 2),
                spoken(row["statuses"]),
            )
            for name, row in results.items()
        ],
    )


if __name__ == "__main__":
    main()
