"""What the website costs a request that uses nothing of it.

The same views of Flask applications, with glassware's part in them and without, called
as a server calls them: one says `hello`, one renders a template, and each is asked with
cookies and without. What is measured is the CPU of the thread.

    uv run python benchmarks/plain.py
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, render_template
from jinja2 import DictLoader
from rig.figures import keep, median, number, options, ratio, show
from werkzeug.test import EnvironBuilder

from glassware import current
from glassware.current import Incoming, Member, members
from glassware.environment import Settings, to_variables
from glassware.service import settings
from glassware.website.extension import Website


COOKIES = "theme=dark; visitor=x.y.z"
PAGE = "<!doctype html><title>{{ title }}</title><body><p>{{ title }}</p></body>"
ASKED = {
    "hello": ("/", ""),
    "hello, with cookies": ("/", COOKIES),
    "a template": ("/page", ""),
    "a template, with cookies": ("/page", COOKIES),
}


@dataclass
class Side:
    """One request to one application."""

    name: str
    once: Callable[[], object]
    taken: list[float] = field(default_factory=list)

    def block(self, times: int) -> None:
        """Ask `times` times."""
        for _ in range(times):
            began = time.thread_time_ns()
            self.once()
            self.taken.append((time.thread_time_ns() - began) / 1000)


def application(*, website: bool) -> Flask:
    """Return an application, as a worker has it or as Flask alone does."""
    app = Flask("plain")
    app.secret_key = "secret"
    app.jinja_loader = DictLoader({"page.html": PAGE})
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="hello")
    app.add_url_rule(
        "/page",
        view_func=lambda: render_template("page.html", title="A page"),
        endpoint="page",
    )
    if website:
        Website(app)
    return app


def request(app: Flask, path: str, cookies: str) -> Callable[[], object]:
    """Return a request, as a server makes it."""
    headers = {"Cookie": cookies} if cookies else {}
    environ = EnvironBuilder(path=path, headers=headers).get_environ()

    def once() -> object:
        answer = app(dict(environ), lambda *_: print)
        body = b"".join(answer)
        getattr(answer, "close", bool)()
        return body

    return once


def main() -> None:
    """Measure every side and print a table."""
    given = options(__doc__, {"rounds": 6, "block": 100}, rounds=60, block=200)
    own = Settings(site="shop", service="plain", url="http://localhost:8000")
    os.environ.update(variables := to_variables(own))
    members["plain"] = Member(name="plain", environment=variables)
    settings.forget()
    # As a worker says it of each request; otherwise it would be read here.
    current.incoming.set(Incoming(service="plain", method="GET", path="/"))
    alone, whole = application(website=False), application(website=True)
    pairs = {
        name: (Side(name, request(alone, *asked)), Side(name, request(whole, *asked)))
        for name, asked in ASKED.items()
        if given.only in name
    }
    every = [side for pair in pairs.values() for side in pair]
    for _ in range(given.rounds):
        for side in random.sample(every, len(every)):
            side.block(given.block)
    results = {
        name: [median(side.taken) for side in pair] for name, pair in pairs.items()
    }
    show(
        "One request: medians in µs of CPU",
        ("", "Flask", "with the website", "difference", "ratio"),
        [
            (name, *(number(n, 1) for n in (a, b, b - a)), ratio(b, a))
            for name, (a, b) in results.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
