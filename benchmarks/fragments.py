"""A page of ten fragments, against the same page from one Flask app.

One template with ten includes; the same ten pieces as fragments of a neighbour, over
the wire and in a group, and the same once more where their `Cache-Control` lets them
be kept. All are services of one site as it runs for visitors, asked in turn through
its gateway; a page is timed from outside, on a kept connection. What it takes of CPU
is that of its services, without the gateway. No piece is twice the same, but for those
that are kept. In the second table each piece is a heading and one item, so the page is
hardly more than ten requests; in the third each piece waits for something else for 5 ms.

    ./dev run python benchmarks/fragments.py
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rig.figures import keep, median, number, options, percentile, ratio, show
from rig.kept import Kept
from rig.processes import Stage, cpu
from rig.site import Site, write


PART = """
<section class="part"><h2>{{ title }}</h2><ul>
{% for item in items %}<li><a href="/item/{{ item.id }}">{{ item.name }}</a>
 <b>{{ item.price }}</b></li>
{% endfor %}</ul></section>
"""
PAGE = """<!doctype html><html lang="en"><head><title>ten</title></head><body>
{% for n in range(10) %}SLOT{% endfor %}
</body></html>
"""
WORK = """
import itertools
import os
import time

from flask import Flask, render_template, request

app = Flask(__name__)
turn = itertools.count()


def asked():
    return {name: request.args.get(name, None, int) for name in ("wait", "size")}


def values(n, wait, size):
    if wait:
        time.sleep(wait / 1000)
    now = next(turn)
    items = [
        {"id": 10 * n + i, "name": f"<item {i}>", "price": f"{n}.{now}"}
        for i in range(size or 10)
    ]
    return {"title": f"Part {n}", "items": items}


@app.get("/pid")
def pid():
    return [os.getpid()]
"""
ONE = f"""{WORK}
app.jinja_env.globals["values"] = values


@app.get("/")
def page():
    return render_template("page.html", **asked())
"""
FRAGMENTS = f"""{WORK}
from glassware import services


@app.get("/pids")
def pids():
    return [os.getpid(), *services["PARTS"].get("/pid").json()]


@app.get("/")
def page():
    return render_template("page.html", **asked())


@app.get("/kept")
def kept():
    return render_template("kept.html")
"""
PARTS = f"""{WORK}

@app.get("/part/<int:n>")
def part(n):
    return render_template("part.html", **values(n, **asked()))


@app.get("/kept/<int:n>")
def kept(n):
    html = render_template("part.html", **values(n, 0, 10))
    return html, {{"Cache-Control": "public, max-age=3600"}}
"""
INCLUDED = (
    '{% with v = values(n, wait, size) %}{% with title = v.title, items = v["items"] %}\
{% include "part.html" %}{% endwith %}{% endwith %}'
)
WIRE = "glassware, wire"
GROUPED = "glassware, grouped"
SIDES = {
    "one Flask app": "/one/",
    WIRE: "/wire/",
    GROUPED: "/grouped/",
    f"{WIRE}, kept": "/wire/kept",
    f"{GROUPED}, kept": "/grouped/kept",
}
LARGE = "A page of ten pieces"
WAITING = "The same where each piece waits 5 ms"
TITLES = {
    LARGE: "",
    "The same where each piece is small": "?size=1",
    WAITING: "?wait=5",
}
"""The tables, and what their pages are asked with."""


@dataclass
class Side:
    """A page that is measured."""

    port: int
    path: str
    pids: tuple[int, ...]
    times: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)

    @cached_property
    def asked(self) -> Kept:
        """A connection to the gateway."""
        return Kept(self.port)

    def block(self, count: int) -> None:
        """Ask for the page `count` times."""
        before = sum(map(cpu, self.pids))
        for _ in range(count):
            self.times.append(self.asked.ask(self.path)[0] * 1000)
        self.used.append((sum(map(cpu, self.pids)) - before) / count * 1000)

    def figures(self) -> dict[str, float]:
        """Return milliseconds."""
        return {
            "p50": median(self.times),
            "p99": percentile(self.times, 0.99),
            "cpu": median(self.used),
        }


def main() -> None:
    """Run the rounds and print both tables."""
    quick = {"rounds": 2, "pages": 10}
    given = options(__doc__, quick, rounds=30, pages=40)
    with Stage() as stage:
        port = Site(stage, write(stage.folder / "site", files()), "--production").wait()
        sides = [*sides_at(port, lambda name: given.only in name)]
        check([side for name, side in sides if name.startswith(LARGE)])
        for _ in range(given.rounds):
            # Nobody always comes after the same side, whose garbage may be busy.
            for name, side in random.sample(sides, len(sides)):
                side.block(given.pages // (5 if name.startswith(WAITING) else 1))
    results = {name: side.figures() for name, side in sides}
    for title in TITLES:
        report(title, results)
    keep(given, results)


def sides_at(port: int, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Side]]:
    """Return all pages that are measured, each by its table and its own name."""
    asked = Kept(port)
    for name, path in SIDES.items():
        if not wanted(name):
            continue
        where = "/one/pid" if path == "/one/" else f"/{path.split('/')[1]}/pids"
        pids = tuple(set(json.loads(asked.ask(where)[1])))
        for title, query in TITLES.items():
            if not (query and "kept" in name):
                yield f"{title}: {name}", Side(port, path + query, pids)


def check(sides: list[Side]) -> None:
    """See that all pages have the same ten pieces.

    Raises:
        RuntimeError: One has not.
    """
    for side in sides:
        body = side.asked.ask(side.path)[1]
        if body.count(b'<section class="part">') != 10 or body.count(b"<li>") != 100:
            raise RuntimeError(f"{side.path} has another page: {body[:500]!r}")


def files() -> dict[str, str]:
    """Return the files of the site."""
    found = {
        "site.toml": '[groups]\nweb = ["grouped", "near"]\n',
        "services/one/app.py": ONE,
        "services/one/service.toml": 'route = "/one"\n',
        "services/one/templates/page.html": PAGE.replace("SLOT", INCLUDED),
        "services/one/templates/part.html": PART,
    }
    for page, parts in (("wire", "far"), ("grouped", "near")):
        slot = f'{{{{ fragment("{parts}.NAME", n=n%s) }}}}'
        found |= {
            f"services/{page}/app.py": FRAGMENTS.replace("PARTS", parts),
            f"services/{page}/service.toml": f'route = "/{page}"\ncalls = ["{parts}"]\n',
            f"services/{page}/templates/page.html": PAGE.replace(
                "SLOT", (slot % ", wait=wait, size=size").replace("NAME", "part")
            ),
            f"services/{page}/templates/kept.html": PAGE.replace(
                "SLOT", (slot % "").replace("NAME", "kept")
            ),
            f"services/{parts}/app.py": PARTS,
            f"services/{parts}/service.toml": "threads = 10\n",
            f"services/{parts}/templates/part.html": PART,
        }
    return found


def report(title: str, results: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table."""
    rows = {
        name.removeprefix(f"{title}: "): row
        for name, row in results.items()
        if name.startswith(title)
    }
    base = next(iter(rows.values()), {"p50": 0.0, "cpu": 0.0})
    show(
        f"{title}: ms",
        ("", "p50", "ratio", "p99", "CPU", "ratio"),
        [
            (
                name,
                number(row["p50"], 2),
                ratio(row["p50"], base["p50"]),
                number(row["p99"], 2),
                number(row["cpu"], 2),
                ratio(row["cpu"], base["cpu"]),
            )
            for name, row in rows.items()
        ],
    )


if __name__ == "__main__":
    main()
