"""What `databases.NAME` costs, against the same client opened by hand.

Each side does one small thing with a real server on this machine, through a client
with the same settings, in rounds of blocks in turn. Printed are the medians over
all, and what it takes to get hold of the client alone: the whole difference.

    uv run python benchmarks/databases_name.py
"""

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rig.figures import keep, median, number, options, ratio, show
from rig.processes import Stage, free_port, until

from glassware import clients, databases, engines
from glassware.clients import Opened
from glassware.engines import Grant, Place


ENGINES = ("postgresql", "redis", "sqlite")
THINGS: dict[str, Callable[[Any], object]] = {
    "redis": lambda client: client.get("key"),
    "sqlite": lambda client: client.execute("select 1").fetchone(),
}


@dataclass
class Side:
    """One way to get hold of a client, and what was measured of it."""

    engine: str
    name: str
    client: Callable[[], Any]
    whole: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    def block(self, times: int) -> None:
        """Use the client `times` times, and get hold of it as often."""
        thing = THINGS.get(self.engine, _select)
        for _ in range(times):
            began = time.perf_counter_ns()
            thing(self.client())
            self.whole.append((time.perf_counter_ns() - began) / 1000)
        began = time.perf_counter_ns()
        for _ in range(times):
            self.client()
        self.alone.append((time.perf_counter_ns() - began) / 1000 / times)


def _select(pool: Any) -> object:
    with pool.connection() as connection:
        return connection.execute("select 1").fetchone()


def served(stage: Stage, name: str) -> str:
    """Start a server of an engine and return a service's URL of a database there."""
    engine = engines.find(name)
    if name == "sqlite":
        return f"sqlite:///{stage.folder}/main.sqlite"
    place = Place(
        program=engine.embedded(),
        data=stage.folder / name,
        runtime=stage.folder,
        port=free_port(),
        password=secrets.token_urlsafe(16),
    )
    engine.prepare(place)
    launch = engine.launch(place)
    stage.start(name, [*launch.argv], environment=dict(launch.environment))
    url = engine.admin_url(place)
    until(lambda: engine.ready(url), 20)
    grant = Grant(database="shop", role="shop", password=secrets.token_urlsafe(16))
    engine.provision(url, grant)
    return engine.access(url, grant).url


def sides(stage: Stage) -> Iterator[Side]:
    """Return both sides of each engine, the one by hand first."""
    for name in ENGINES:
        url = served(stage, name)
        os.environ[f"GLASSWARE_DATABASE_{name.upper()}_URL"] = url
        by_hand = clients.find(name).open_client(clients.plain_url(url), name=name)
        yield Side(name, f"{name}, by hand", _held(by_hand))
        yield Side(name, f"{name}, databases.NAME", _named(name))


def _held(opened: Opened) -> Callable[[], Any]:
    # What keeps a connection of SQLite open is held as long as the side is.
    client = opened.get()

    def held(_: Opened = opened) -> Any:
        return client

    return held


def _named(name: str) -> Callable[[], Any]:
    code = f"lambda databases: lambda: databases.{name}"
    return eval(code)(databases)  # as it is written in a service


def main() -> None:
    """Measure every side and print a table."""
    given = options(__doc__, {"rounds": 4, "block": 50}, rounds=40, block=200)
    with Stage() as stage:
        every = [side for side in sides(stage) if given.only in side.name]
        for _ in range(given.rounds):
            for side in random.sample(every, len(every)):
                side.block(given.block)
        databases.close()
    results = {s.name: (median(s.whole), median(s.alone)) for s in every}
    by_hand = {s.engine: median(s.whole) for s in reversed(every)}
    show(
        f"{given.rounds * given.block} uses of each: medians in µs",
        ("", "one use", "ratio", "the client alone"),
        [
            (
                side.name,
                number(results[side.name][0], 1),
                ratio(results[side.name][0], by_hand[side.engine]),
                number(results[side.name][1], 2),
            )
            for side in every
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
