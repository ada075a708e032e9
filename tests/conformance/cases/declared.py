"""What a call means: each case is a few lines of a caller, and what comes of it.

The caller (`services/storefront`) runs `run`, the tests compare what is told of
it with `told`, and what the callee recorded with `seen`. Both need to be there,
and neither is everything: all that is told is compared between the ways that a
call can take.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


MB = 1_000_000
LARGE = 100 * MB


def sha(body):
    """Return what tells a body from others."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        run: What the caller does, given its neighbours.
        told: What is told of the value; see `misses`.
        seen: The events that the callee records, in order.
    """

    run: Callable[[Any], Any]
    told: Any
    seen: list[str]

    @property
    def name(self):
        """The name of its function."""
        return self.run.__name__


CASES: list[Case] = []


def case(told, seen=("request",)):
    """Declare a function to be a case."""

    def declared(run):
        CASES.append(Case(run, told, list(seen)))
        return run

    return declared


def answer(status=200, **more):
    """Return what is told of an answer, whatever its headers are."""
    return {"status": status, "attempts": 1, **more}


def error(name, becomes, **more):
    """Return what is told of an error."""
    return {"error": name, "becomes": becomes, **more}


def echoed(**said):
    """Return what is told of an answer of `/echo`."""
    return answer(json=said)
