"""Workers that die or hang under load: what visitors notice, and for how long.

Requests come at a rate, three GET to one POST, to services with two workers
each. Every few seconds one of the workers that has just answered is killed
(`--fault KILL`) or stopped (`--fault STOP`). A POST notes what it carried out.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/lost_worker.py
    uv run --with-requirements benchmarks/requirements.txt python benchmarks/lost_worker.py --fault STOP
"""

import asyncio
import contextlib
import json
import math
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rig.figures import keep, median, number, options, show
from rig.load import Answer, Visitors, fates, p99, spoken
from rig.lone import Served, both
from rig.processes import Stage


SERVICES = ("one", "two", "three")
SLOW = 0.5


@dataclass
class Fault:
    """A worker that was lost: when, and what it was to its service."""

    at: float
    pid: int
    path: str


@dataclass
class Run:
    """One side, and what became of all that was asked of it."""

    served: Served
    answers: list[Answer] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    async def go(self, fault: str, rate: float, seconds: float, every: float) -> None:
        """Ask for some seconds, and lose a worker every few."""
        visitors = Visitors(self.served.port)
        harm = asyncio.create_task(self._harm(visitors, fault, seconds, every))
        begun = len(self.answers)
        self.answers += await visitors.at_rate(
            rate, seconds, lambda given: self.served.mixed(begun + given)
        )
        await harm
        visitors.leave()
        for each in self.faults:
            # Whoever is still stopped would be missed in the next round.
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)

    async def _harm(
        self, visitors: Visitors, fault: str, seconds: float, every: float
    ) -> None:
        for _ in range(int(seconds / every) - 1):
            await asyncio.sleep(every)
            last = [answer for answer in visitors.heard[-50:] if answer.ok]
            answer = random.choice(last)
            lost = Fault(time.monotonic(), pid_of(answer), answer.asked.tag)
            self.faults.append(lost)
            os.kill(lost.pid, signal.Signals[f"SIG{fault}"])


def pid_of(answer: Answer) -> int:
    """Return the worker that gave an answer."""
    return int(json.loads(answer.body)["pid"])


def figures(run: Run) -> dict[str, Any]:
    """Return failures, and how long the services were not what they were."""
    views = [a for a in run.answers if a.asked.method == "GET"]
    notes = [a for a in run.answers if a.asked.method == "POST"]
    full = [full_after(run, fault) for fault in run.faults]
    return {
        "faults": len(run.faults),
        "views": len(views),
        "views failed": sum(not a.ok for a in views),
        "notes": len(notes),
        "notes failed": fates(a for a in notes if not a.ok),
        "twice": sum(count > 1 for count in Counter(run.served.lines()).values()),
        "p99": p99(run.answers),
        "met until": [met_until(run, fault) for fault in run.faults],
        "full after": [seconds for seconds in full if seconds is not None],
        "never full": full.count(None),
    }


def met_until(run: Run, fault: Fault) -> float:
    """Return until when visitors met the lost worker, in seconds."""
    met = [
        answer.due - fault.at
        for answer in after(run, fault)
        if not answer.ok or answer.seconds > SLOW
    ]
    return max([0.0, *met])


def full_after(run: Run, fault: Fault) -> float | None:
    """Return when a worker answered that had never answered before, in seconds."""
    known = {pid_of(a) for a in run.answers if a.ok and a.ended < fault.at}
    fresh = [
        answer.ended - fault.at
        for answer in after(run, fault)
        if answer.ok and pid_of(answer) not in known
    ]
    return min(fresh, default=None)


def after(run: Run, fault: Fault) -> list[Answer]:
    """Return what was asked of the service from its fault to its next one."""
    later = (f.at for f in run.faults if f.path == fault.path and f.at > fault.at)
    end = min(later, default=math.inf)
    return [
        answer
        for answer in run.answers
        if answer.asked.tag == fault.path and fault.at <= answer.ended < end
    ]


def main() -> None:
    """Run both sides and print the table."""
    given = options(
        __doc__,
        {"seconds": 9.0, "every": 3.0},
        fault="KILL",
        rate=200.0,
        seconds=60.0,
        every=5.0,
    )
    with Stage() as stage:
        runs = {n: Run(s) for n, s in both(stage, SERVICES, 2) if given.only in n}
        for run in runs.values():
            asyncio.run(run.go(given.fault, given.rate, given.seconds, given.every))
        results = {name: figures(run) for name, run in runs.items()}
    show(
        f"SIG{given.fault} to a worker every {given.every:.0f} s, "
        f"{given.rate:.0f} requests a second",
        (
            *("", "faults", "GET failed", "POST failed", "POST twice", "p99 in ms"),
            *("met until, worst in s", "full strength, median (worst) in s"),
        ),
        [row(name, result) for name, result in results.items()],
    )
    keep(given, results, given.fault.lower())


def row(name: str, result: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the table."""
    full = result["full after"]
    strength = f"{number(median(full), 2)} ({number(max(full, default=math.nan), 2)})"
    if result["never full"]:
        strength += f", {result['never full']} never"
    return (
        *(name, str(result["faults"])),
        f"{result['views failed']} of {result['views']}",
        f"{spoken(result['notes failed'])} of {result['notes']}",
        *(str(result["twice"]), number(result["p99"], 0)),
        *(number(max([0.0, *result["met until"]]), 2), strength),
    )


if __name__ == "__main__":
    main()
