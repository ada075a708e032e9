"""The headers that carry a call from one service to the next: both directions.

The gateway and the service wing write them, the worker reads them; nothing
else knows how they are spelled. Whatever comes from outside with such a name
is removed at the gateway.

=========================  ===================================================
`X-Glassware-Identity`     a signed token: who calls; see `identity`
`X-Glassware-Deadline`     `BUDGET;BEGAN[;TOOK]`: milliseconds that the answer may
                           take, the epoch second when they began, and the
                           milliseconds that the request's body took to arrive
`X-Glassware-Via`          the services that the request came through, by comma,
                           the one that calls last
`X-Glassware-Retry`        `no`: the caller tries again by itself
`X-Glassware-Trace`        in answers, in development: the calls underneath
`X-Glassware-Failure`      in answers, in development: the exception behind a 500
`X-Glassware-Refused`      in answers that come from no application: why
=========================  ===================================================

An answer with `X-Glassware-Refused` says that nothing was started: whatever
was asked may be asked again.
"""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Literal


IDENTITY = "X-Glassware-Identity"
DEADLINE = "X-Glassware-Deadline"
VIA = "X-Glassware-Via"
RETRY = "X-Glassware-Retry"
TRACE = "X-Glassware-Trace"
FAILURE = "X-Glassware-Failure"
REFUSED = "X-Glassware-Refused"

OURS = "X-Glassware-"

ALIVE = "/.glassware/alive"
"""The path at which each worker says that it lives, whatever its application is."""

Refusal = Literal["identity", "caller", "deadline", "busy"]

# Of the request that is being answered, only these go onward to neighbours.
ONWARD = (
    "traceparent",
    "tracestate",
    "Accept-Language",
    "Idempotency-Key",
)

# A request never says that it came from the future by more than this, in seconds.
_JUMP = 0.25
_DISTRUST = 60.0


class Clocks:
    """Tells how old a request is, and notices when that cannot be told.

    Requests say when they were sent by the wall clock, because no other clock
    is shared between machines. Somebody may set it; for a minute after such a
    jump no age is believed.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._distrusted_until = 0.0

    def age(self, began: float) -> float:
        """Return the seconds since the epoch second `began`; 0 where in doubt."""
        wall, now = time.time(), time.monotonic()
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
    return seconds


def read_wait(prefer: str | None) -> float | None:
    """Return the seconds of `Prefer: wait=SECONDS` (RFC 7240, section 4.3).

    It is how a client from outside says how long it is willing to wait.
    """
    for preference in (prefer or "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        number = value.strip().strip('"')
        if name.strip().lower() == "wait" and number.isdecimal():
            return float(number)
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
    version, _, rest = (parent or "").partition("-")
    trace, _, rest = rest.partition("-")
    flags = rest.partition("-")[2][:2]
    if version == "00" and len(trace) == _TRACE_LENGTH and len(flags) == len("01"):
        return f"00-{trace}-{span}-{flags}"
    return f"00-{os.urandom(16).hex()}-{span}-01"


_TRACE_LENGTH = 32
_ONWARD = tuple((n, f"HTTP_{n.upper().replace('-', '_')}") for n in ONWARD)


def _milliseconds(text: str) -> float:
    # The gateway writes `-` where there was no body to wait for.
    return float(text) / 1000 if text.strip("-") else 0.0
