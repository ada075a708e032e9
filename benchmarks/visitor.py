"""What it costs a service to know who visits.

One hop is a new request and the first look at `visitor` in it, with a list of a
thousand sign-ins that have ended. A token that was seen before is the usual case; the
first verification of one is told apart, and so are visitors without one and with one
that proves nothing. Views are those of a Flask application, without a server: the same
view once with the visitor, once without.

    uv run python benchmarks/visitor.py
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from rig.figures import keep, median, number, options, show

from glassware import current, visitor
from glassware.current import Incoming
from glassware.environment import Policy, Settings, to_variables
from glassware.service.headers import Letterhead
from glassware.service.outgoing import make_outgoing
from glassware.service.settings import current as settings
from glassware.service.visit_tokens import Visit, VisitSigner
from glassware.tokens import Key
from glassware.visitors import (
    FILE,
    REVOCATIONS,
    Visiting,
    revoke_session,
    write_visiting,
)
from glassware.website.extension import Website


ENDED = 1000


@dataclass
class Side:
    """One thing that is done, and what was measured of it."""

    name: str
    once: Callable[[], object]
    taken: list[float] = field(default_factory=list)

    def block(self, times: int) -> None:
        """Do it `times` times."""
        for _ in range(times):
            began = time.perf_counter_ns()
            self.once()
            self.taken.append((time.perf_counter_ns() - began) / 1000)


def told(folder: Path) -> Callable[[str], str]:
    """Become a service whose visitors are known; return what makes their tokens."""
    key = Key.generate()
    said = Visiting(site="shop", sign_in="accounts.login", keys={"k": key.public})
    (folder / FILE).write_text(write_visiting(said))
    for number_ in range(ENDED):
        revoke_session(folder / REVOCATIONS, f"ended {number_}", time.time() + 9e5)
    own = Settings(
        site="shop",
        service="catalog",
        url="http://localhost:8000",
        visitors=str(folder / FILE),
    )
    os.environ.update(to_variables(own))
    signer = VisitSigner("shop", f"k:{key.text}")

    def token(user: str) -> str:
        visit = Visit(
            user=user,
            session=f"of {user}",
            since=time.time(),
            roles=("reader", "editor"),
            claims={"name": "Ada Lovelace", "email": "ada@shop.test"},
        )
        return signer.sign(visit, "visitor", 3600)

    return token


def hop(**said: str) -> Callable[[], object]:
    """Return a request, and the first look at who visits."""

    def once() -> object:
        reset = current.incoming.set(Incoming(**said))
        try:
            return visitor.id
        finally:
            current.incoming.reset(reset)

    return once


def hop_of_new_ones(token: Callable[[str], str], times: int) -> Callable[[], object]:
    """Return requests of visitors who have not been here before."""
    others = iter([hop(visitor=token(str(number_))) for number_ in range(times)])

    def once() -> object:
        return next(others)()

    return once


def head(**said: str) -> Callable[[], object]:
    """Return the headers of a call, made within a request."""
    letterhead = Letterhead(settings(), "reviews", "http://localhost:1")
    call = make_outgoing("GET", "/latest", {}, Policy())

    def once() -> object:
        return letterhead.write(call, Incoming(**said), 1.0)

    return once


def view(token: str, *, looks: bool) -> Callable[[], object]:
    """Return a request to an application of Flask."""
    app = Flask("catalog")
    Website(app)

    @app.get("/")
    def index() -> str:
        return visitor.id if looks else "7"

    client = app.test_client()
    client.set_cookie("visitor", token)
    return lambda: client.get("/")


def sides(folder: Path, times: int) -> Iterator[Side]:
    """Return everything that is measured."""
    token = told(folder)
    seen = token("7")
    yield Side("seen before, header", hop(visitor=seen))
    yield Side("seen before, cookie", hop(cookie=f"theme=dark; visitor={seen}"))
    yield Side("anonymous", hop(cookie="theme=dark"))
    yield Side("first verification", hop_of_new_ones(token, times))
    forged = f"{seen[:-4]}AAAA"
    yield Side("forged", hop(visitor=forged))
    yield Side("head of a call, without a visitor", head())
    yield Side("head of a call, for a visitor", head(visitor=seen))
    yield Side("Flask view, without", view(seen, looks=False))
    yield Side("Flask view, with the visitor", view(seen, looks=True))


def main() -> None:
    """Measure every side and print a table."""
    given = options(__doc__, {"rounds": 4, "block": 50}, rounds=40, block=200)
    with tempfile.TemporaryDirectory() as folder:
        times = given.rounds * given.block
        every = [s for s in sides(Path(folder), times) if given.only in s.name]
        for _ in range(given.rounds):
            for side in random.sample(every, len(every)):
                side.block(given.block)
    results = {side.name: median(side.taken) for side in every}
    show(
        f"{times} of each: medians in µs",
        ("", "µs"),
        [(name, number(taken, 1)) for name, taken in results.items()],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
