"""A page of ten fragments, against the same page from one Flask app.

One template with ten includes; the same ten pieces as fragments of a neighbour, over
the wire and in a group, and the same once more where their `Cache-Control` lets them
be kept. All are services of one site as it runs for visitors, asked in turn through
its gateway; a page is timed from outside, on a kept connection. In the second table
each piece waits for something else for 5 ms.

    ./dev run python benchmarks/fragments.py
"""

import random
from dataclasses import dataclass, field
from functools import cached_property

from rig.figures import keep, median, number, options, percentile, ratio, show
from rig.kept import Kept
from rig.processes import Stage
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
import time

from flask import Flask, render_template, request

app = Flask(__name__)


def values(n, wait):
    if wait:
        time.sleep(wait / 1000)
    items = [
        {"id": 10 * n + i, "name": f"<item {i}>", "price": f"{n}.{i}9"}
        for i in range(10)
    ]
    return {"title": f"Part {n}", "items": items}
"""
ONE = f"""{WORK}
app.jinja_env.globals["values"] = values


@app.get("/")
def page():
    return render_template("page.html", wait=request.args.get("wait", 0, int))
"""
FRAGMENTS = f"""{WORK}

@app.get("/")
def page():
    return render_template("page.html", wait=request.args.get("wait", 0, int))


@app.get("/kept")
def kept():
    return render_template("kept.html")
"""
PARTS = f"""{WORK}

@app.get("/part/<int:n>")
def part(n):
    return render_template("part.html", **values(n, request.args.get("wait", 0, int)))


@app.get("/kept/<int:n>")
def kept(n):
    html = render_template("part.html", **values(n, 0))
    return html, {{"Cache-Control": "public, max-age=3600"}}
"""
INCLUDED = (
    '{% with v = values(n, wait) %}{% with title = v.title, items = v["items"] %}\
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


@dataclass
class Side:
    """A page that is measured."""

    port: int
    path: str
    times: list[float] = field(default_factory=list)

    @cached_property
    def asked(self) -> Kept:
        """A connection to the gateway."""
        return Kept(self.port)

    def block(self, count: int) -> None:
        """Ask for the page `count` times."""
        for _ in range(count):
            self.times.append(self.asked.ask(self.path)[0] * 1000)

    def figures(self) -> dict[str, float]:
        """Return milliseconds."""
        return {"p50": median(self.times), "p99": percentile(self.times, 0.99)}


def main() -> None:
    """Run the rounds and print both tables."""
    quick = {"rounds": 2, "pages": 10}
    given = options(__doc__, quick, rounds=30, pages=40)
    with Stage() as stage:
        port = Site(stage, write(stage.folder / "site", files()), "--production").wait()
        plain = {n: Side(port, path) for n, path in SIDES.items() if given.only in n}
        waits = {
            n: Side(port, f"{path}?wait=5")
            for n, path in SIDES.items()
            if given.only in n and "kept" not in n
        }
        check(plain)
        for _ in range(given.rounds):
            for sides, count in ((plain, given.pages), (waits, given.pages // 5)):
                # Nobody always comes after the same side, whose garbage may be busy.
                for side in random.sample([*sides.values()], len(sides)):
                    side.block(count)
    results = {
        "plain": {name: side.figures() for name, side in plain.items()},
        "waiting": {name: side.figures() for name, side in waits.items()},
    }
    report("A page of ten pieces: ms", results["plain"])
    report("The same where each piece waits 5 ms: ms", results["waiting"])
    keep(given, results)


def check(sides: dict[str, Side]) -> None:
    """See that all pages have the same ten pieces.

    Raises:
        RuntimeError: One has not.
    """
    for name, side in sides.items():
        body = side.asked.ask(side.path)[1]
        if body.count(b'<section class="part">') != 10 or body.count(b"<li>") != 100:
            raise RuntimeError(f"{name} has another page: {body[:500]!r}")


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
            f"services/{page}/app.py": FRAGMENTS,
            f"services/{page}/service.toml": f'route = "/{page}"\ncalls = ["{parts}"]\n',
            f"services/{page}/templates/page.html": PAGE.replace(
                "SLOT", (slot % ", wait=wait or None").replace("NAME", "part")
            ),
            f"services/{page}/templates/kept.html": PAGE.replace(
                "SLOT", (slot % "").replace("NAME", "kept")
            ),
            f"services/{parts}/app.py": PARTS,
            f"services/{parts}/service.toml": "threads = 10\n",
            f"services/{parts}/templates/part.html": PART,
        }
    return found


def report(title: str, rows: dict[str, dict[str, float]]) -> None:
    """Print a table."""
    base = next(iter(rows.values()), {"p50": 0.0})
    show(
        title,
        ("", "p50", "ratio", "p99"),
        [
            (
                name,
                number(row["p50"], 2),
                ratio(row["p50"], base["p50"]),
                number(row["p99"], 2),
            )
            for name, row in rows.items()
        ],
    )


if __name__ == "__main__":
    main()
