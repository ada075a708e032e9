"""What a link to a neighbour costs, against a link to a page of one's own.

A hundred services with twenty endpoints each are in the directory. Each side makes
the same link in a request, in rounds of blocks in turn; printed are the medians.

    uv run python benchmarks/links.py
"""

import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, url_for
from rig.figures import keep, median, number, options, ratio, show

import glassware
from glassware import Website, current
from glassware.current import Incoming
from glassware.directory import Directory, Entry, Place, Rule, write_directory


HOST = "localhost:8000"


def directory() -> Directory:
    """Return the directory of a large site."""
    rules = tuple(
        Rule(endpoint=f"show{n}", rule=f"/things{n}/<int:id>/<name>", places=(0,))
        for n in range(20)
    )
    return Directory(
        url=f"http://{HOST}",
        hosts=("localhost",),
        services={
            f"s{n}": Entry(places=(Place(prefix=f"/s{n}"),), rules=rules, known=True)
            for n in range(100)
        },
    )


SIDES: dict[str, Callable[[], str]] = {
    "own, url_for": lambda: url_for("show7", id=7, name="vase"),
    "a neighbour's, url_for": lambda: url_for("s50.show7", id=7, name="vase"),
    "a neighbour's, glassware.url_for": lambda: glassware.url_for(
        "s50.show7", id=7, name="vase"
    ),
}


def application() -> Flask:
    """Return an application with the same endpoints."""
    app = Flask("own")
    for n in range(20):
        app.add_url_rule(f"/things{n}/<int:id>/<name>", f"show{n}", lambda **_: "")
    Website(app)
    return app


def main() -> None:
    """Measure every side and print a table."""
    given = options(__doc__, {"rounds": 4, "block": 500}, rounds=40, block=2000)
    found: dict[str, list[float]] = {name: [] for name in SIDES if given.only in name}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "directory.json")
        file.write_text(write_directory(directory()))
        os.environ["GLASSWARE_DIRECTORY"] = str(file)
        current.incoming.set(Incoming(host=HOST))
        with application().test_request_context(base_url=f"http://{HOST}"):
            for name in found:
                # The directory is read once.
                SIDES[name]()
            for _ in range(given.rounds):
                for name in random.sample(list(found), len(found)):
                    began = time.perf_counter_ns()
                    for _ in range(given.block):
                        SIDES[name]()
                    took = time.perf_counter_ns() - began
                    found[name].append(took / 1000 / given.block)
    results = {name: median(times) for name, times in found.items()}
    first = next(iter(results.values()))
    show(
        f"{given.rounds * given.block} links of each kind: medians in µs",
        ("", "one link", "ratio"),
        [(name, number(each, 1), ratio(each, first)) for name, each in results.items()],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
