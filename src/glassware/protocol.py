"""The headers that carry a call from one service to the next: both directions.

The gateway and the service wing write them, the worker reads them; nothing
else knows how they are spelled. Whatever comes from outside with such a name
is removed at the gateway.

=========================  ===================================================
`X-Glassware-Identity`     a signed token: who calls; see `tokens`
`X-Glassware-Deadline`     `BUDGET;BEGAN[;TOOK]`: milliseconds that the answer may
                           take, the epoch second when they began, and the
                           milliseconds that the request's body took to arrive
`X-Glassware-Via`          the services that the request came through, by comma,
                           the one that calls last
`X-Glassware-Retry`        `no`: the caller tries again by itself
`X-Glassware-Visitor`      the visitor's token, on whose behalf this is asked; see
                           `visitors`
`X-Glassware-Fragment`     the answer becomes a piece of a page: the page's
                           Content-Security-Policy nonce, or `-`
`X-Glassware-Trace`        in requests, in development: `yes`, these are wanted;
                           in answers: the calls underneath
`X-Glassware-Failure`      in answers, in development: the exception behind a 500
`X-Glassware-Refused`      in answers that come from no application: why
=========================  ===================================================

An answer with `X-Glassware-Refused` says that nothing was started: whatever
was asked may be asked again.
"""

import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal


IDENTITY = "X-Glassware-Identity"
DEADLINE = "X-Glassware-Deadline"
VIA = "X-Glassware-Via"
RETRY = "X-Glassware-Retry"
VISITOR = "X-Glassware-Visitor"
FRAGMENT = "X-Glassware-Fragment"
TRACE = "X-Glassware-Trace"
FAILURE = "X-Glassware-Failure"
REFUSED = "X-Glassware-Refused"

OURS = "X-Glassware-"

ALIVE = "/.glassware/alive"
"""The path at which each worker says that it lives, whatever its application is."""

RENEW = "/.glassware/renew"
"""The path at which the worker of the service that signs visitors in renews a token.

The gateway asks with the visitor's cookies. The answer is always a 200: with
`VISITOR` and `Set-Cookie` if the visitor is still signed in, else without.
"""

Refusal = Literal["identity", "caller", "deadline", "busy"]

# Of the request that is being answered, only these go onward to neighbours.
ONWARD = (
    "traceparent",
    "tracestate",
    "Accept-Language",
    "Idempotency-Key",
)

# Clocks that are further apart than before by more seconds than this were set.
_JUMP = 0.25
_DISTRUST = 60.0

# No request is given more time than this, whatever it says.
_DAY = 86_400.0


class Clocks:
    """Tells how old a request is, and notices when that cannot be told.

    Requests say when they were sent by the wall clock, because no other clock
    is shared between machines. Somebody may set it; for a minute after such a
    jump no age is believed.

    Args:
        wall: Seconds since the epoch, by a clock that may be set.
        monotonic: Seconds, by one that may not.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._distrusted_until = -math.inf

    def age(self, began: float) -> float:
        """Return the seconds since the epoch second `began`; 0 where in doubt."""
        before, wall, now = self._monotonic(), self._wall(), self._monotonic()
        # A thread that was kept waiting between the two says nothing of the clocks.
        if now - before < _JUMP / 2:
            if abs(wall - now - self._offset) > _JUMP:
                self._distrusted_until = now + _DISTRUST
            self._offset = wall - now
        return 0.0 if now < self._distrusted_until else max(0.0, wall - began)


def write_deadline(seconds: float) -> str:
    """Return the header for a call that has `seconds` left from now on."""
    return f"{max(0, int(seconds * 1000))};{time.time():.3f}"


def read_deadline(value: str | None, clocks: Clocks) -> float | None:
    """Return the seconds that are left; `None` where the header says nothing.

    Args:
        value: As `write_deadline` or the gateway wrote it.
        clocks: Tells how long ago that was.
    """
    if not value:
        return None
    budget, _, rest = value.partition(";")
    began, _, took = rest.partition(";")
    try:
        seconds = float(budget) / 1000
        if began:
            seconds -= clocks.age(float(began) + _milliseconds(took))
    except ValueError:
        return None
    return min(seconds, _DAY) if math.isfinite(seconds) else None


def read_wait(prefer: str | None) -> float | None:
    """Return the seconds of `Prefer: wait=SECONDS` (RFC 7240, section 4.3).

    It is how a client from outside says how long it is willing to wait.
    """
    for preference in (prefer or "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        number = value.strip().strip('"')
        if name.strip().lower() == "wait" and number.isdecimal():
            return min(float(number), _DAY)
    return None


def write_via(via: tuple[str, ...]) -> str:
    """Return the header for a request that came through the services `via`."""
    return ",".join(via)


def read_via(value: str | None) -> tuple[str, ...]:
    """Return the services that a request came through, the caller last."""
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


def onward(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the headers of a request that its calls carry onward.

    Args:
        headers: A WSGI environ: names as `HTTP_ACCEPT_LANGUAGE`.
    """
    for name, key in _ONWARD:
        if value := headers.get(key):
            yield name, value


def new_traceparent(parent: str | None) -> str:
    """Return the `traceparent` of a call: the trace goes on, the span is new.

    Args:
        parent: That of the request being answered; `None`: a trace begins.

    See W3C Trace Context, https://www.w3.org/TR/trace-context/.
    """
    span = os.urandom(8).hex()
    if found := _TRACE.fullmatch(parent or ""):
        return f"00-{found[1]}-{span}-{found[2]}"
    return f"00-{os.urandom(16).hex()}-{span}-01"


_TRACE = re.compile(r"00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_ONWARD = tuple((n, f"HTTP_{n.upper().replace('-', '_')}") for n in ONWARD)


def _milliseconds(text: str) -> float:
    # The gateway writes `-` where there was no body to wait for.
    return float(text) / 1000 if text.strip("-") else 0.0
