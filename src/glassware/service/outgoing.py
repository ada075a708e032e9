"""A call on its way: what is asked, and how often it may be."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glassware.environment import Policy

from .encoding import (
    check_headers,
    check_method,
    check_size,
    check_timeout,
    encode_body,
    encode_target,
)
from .transport import Body


REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""The methods that may be repeated (RFC 9110, section 9.2.2)."""

_OPTIONS = frozenset(
    {"params", "json", "data", "headers", "timeout", "max_answer", "fallback"}
)


@dataclass(slots=True, kw_only=True, eq=False)
class Outgoing:
    """One call, from its arguments to its answer.

    Attributes:
        method: In capitals.
        target: Path and query, percent-encoded.
        body: See `Request`.
        kind: The content type of the body, where we know it.
        given: The headers that the caller wrote.
        repeatable: Whether carrying it out twice does no more than once.
        largest: The most bytes that the answer's body may have.
        began: When it began, by `time.monotonic`.
        deadline: When its answer must be there, by the same clock.
        most: How often it may be sent.
        attempts: How often it was.
        trace: The `traceparent` that all attempts go on from.
    """

    method: str
    target: str
    body: Body = field(default=None, repr=False)
    kind: str | None = None
    given: list[tuple[str, str]] = field(default_factory=list, repr=False)
    repeatable: bool = False
    largest: int = 0
    began: float = 0.0
    deadline: float = 0.0
    most: int = 1
    attempts: int = 0
    trace: str = ""

    @property
    def path(self) -> str:
        """Its target without the query, which may hold what no log should."""
        return self.target.partition("?")[0]

    def __str__(self) -> str:
        return f"`{self.method} {self.path}`"


def make_outgoing(
    method: str, path: str, options: Mapping[str, Any], policy: Policy
) -> Outgoing:
    """Return the call that the arguments ask for; see `Neighbour.request`.

    Raises:
        TypeError: There is no such option, or its value is of no use.
        ValueError: An argument cannot be sent.
    """
    began = time.monotonic()
    method = check_method(method)
    repeatable = method in REPEATABLE
    body: Body = None
    kind = largest = None
    given: list[tuple[str, str]] = []
    if options:
        if not options.keys() <= _OPTIONS:
            unknown = ", ".join(f"`{name}`" for name in options.keys() - _OPTIONS)
            raise TypeError(f"a call has no option {unknown}")
        body, kind = encode_body(options.get("json"), options.get("data"))
        given = check_headers(options.get("headers"))
        largest = options.get("max_answer")
        repeatable = repeatable or any(
            name.lower() == "idempotency-key" and value.strip() for name, value in given
        )
    # What was read once to be sent cannot be read again.
    once = not (body is None or isinstance(body, bytes))
    return Outgoing(
        method=method,
        target=encode_target(path, options.get("params")),
        body=body,
        kind=kind,
        given=given,
        repeatable=repeatable and not once,
        largest=policy.max_answer if largest is None else check_size(largest),
        began=began,
        deadline=began
        + (
            check_timeout(options["timeout"])
            if "timeout" in options
            else policy.timeout
        ),
        most=1 if once else 1 + policy.retries,
    )
