"""What stands between a request and the application: may it start, and when.

In this order: is the worker only asked whether it lives, who calls, is there
time left, is there a place. What is not admitted is answered at once, and
nothing was started for it.
"""

import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextvars import Token
from time import monotonic
from typing import Any

from glassware import current
from glassware.current import Incoming
from glassware.environment import KEY, callers_of
from glassware.errors import AppNotLoaded
from glassware.protocol import (
    ALIVE,
    OURS,
    RENEW,
    Clocks,
    onward,
    read_deadline,
    read_via,
    read_wait,
)
from glassware.tokens import SITE, NotACaller, NotVerified, Verifier, prepare

from .address import scheme_of
from .job import Job
from .lost import stuck_in
from .refusals import Header, alive, busy, no_caller, nobody_known, too_late
from .renewal import cut_renewal, renewed
from .slots import Full, Slots, TooLate, Turn


PLACES = 64
"""Requests that are open at once, those that wait for a slot included."""

SPARE = 8
"""Threads that are there besides, to refuse what finds no place."""

CALLER = "glassware.caller"
"""The key of a WSGI environ or an ASGI scope that says who calls."""

OURS_IN_ENVIRON = "HTTP_" + OURS.upper().replace("-", "_")

_IDENTITY = f"{OURS_IN_ENVIRON}IDENTITY"
_DEADLINE = f"{OURS_IN_ENVIRON}DEADLINE"
_VIA = f"{OURS_IN_ENVIRON}VIA"
_RETRY = f"{OURS_IN_ENVIRON}RETRY"
_VISITOR = f"{OURS_IN_ENVIRON}VISITOR"
_FRAGMENT = f"{OURS_IN_ENVIRON}FRAGMENT"
_TRACE = f"{OURS_IN_ENVIRON}TRACE"


class Admitted:
    """A request that is being answered; `leave` it in the context it came in.

    Args:
        incoming: What is known of it.
        turn: Its place; `None`: it takes none.
    """

    __slots__ = ("_incoming", "_service", "_turn", "incoming")

    def __init__(self, incoming: Incoming, turn: Turn | None) -> None:
        self.incoming = incoming
        self._turn = turn
        self._incoming: Token[Incoming | None] = current.incoming.set(incoming)
        self._service: Token[str] = current.service.set(incoming.service)

    def leave(self) -> None:
        """Take in that it was answered: give its place back, and forget it."""
        for each in self.incoming.leaving:
            each()
        if self._turn is not None:
            self._turn.leave()
        current.incoming.reset(self._incoming)
        current.service.reset(self._service)

    def begins(self, headers: Sequence[Header]) -> None:
        """Take in the head of its answer.

        Events are sent for as long as somebody listens: they keep their place, not
        their slot, and have no deadline, as nobody waits for their end.
        """
        if not _is_endless(headers):
            return
        self.incoming.deadline = None
        if self._turn is not None:
            self._turn.lend()


class Admission:
    """The admission of one service in one process.

    Args:
        service: Its name.
        callers: The public keys of those that may call it, by name; `None`:
            anybody may.
        slots: Its places, and how many views run at once.
    """

    def __init__(
        self, service: str, callers: Mapping[str, str] | None, slots: Slots
    ) -> None:
        self._service = service
        self._verifier = None if callers is None else Verifier(service, callers)
        self._slots = slots
        self._clocks = Clocks()

    def enter(
        self,
        environ: MutableMapping[str, Any],
        *,
        counted: bool = True,
        arrive: Callable[[], object] | None = None,
    ) -> Admitted:
        """Admit a request and make it the current one.

        Args:
            environ: Of WSGI. Who calls is put in, headers of ours are taken out.
            counted: Whether it has a deadline and takes a place.
            arrive: Waits until it is all there; nobody else waits meanwhile.

        Raises:
            AnsweredHere: It does not reach the application.
        """
        path = environ["PATH_INFO"]
        if path == ALIVE:
            raise alive()
        if path.startswith(RENEW):
            raise renewed(environ, self._service)
        caller = self._caller(environ)
        incoming = Incoming(
            service=self._service,
            caller="" if caller == SITE else caller,
            method=environ["REQUEST_METHOD"],
            path=path,
            scheme=scheme_of(environ),
            host=environ.get("HTTP_HOST", ""),
            deadline=self._deadline(environ) if counted else None,
            via=read_via(environ.pop(_VIA, None)),
            onward=tuple(onward(environ)),
            visitor=environ.pop(_VISITOR, ""),
            renewal=cut_renewal(environ),
            cookie=environ.get("HTTP_COOKIE", ""),
            fragment=environ.pop(_FRAGMENT, ""),
            caller_retries=environ.pop(_RETRY, None) == "no",
            asked=environ.pop(_TRACE, None) == "yes",
        )
        _clear(environ)
        environ[CALLER] = caller
        turn = self._turn(incoming.deadline, arrive) if counted else None
        incoming.slot = turn
        return Admitted(incoming, turn)

    def _caller(self, environ: MutableMapping[str, Any]) -> str:
        if self._verifier is None:
            return ""
        token = environ.pop(_IDENTITY, None)
        # A neighbour in this process has said so itself: no header can.
        if CALLER in environ:
            return str(environ[CALLER])
        if not token:
            raise nobody_known(self._service, "it has no token")
        try:
            return self._verifier.caller(token)
        except NotVerified as reason:
            raise nobody_known(
                self._service, f"its token is not valid ({reason})"
            ) from None
        except NotACaller as who:
            raise no_caller(self._service, str(who)) from None

    def _deadline(self, environ: MutableMapping[str, Any]) -> float | None:
        left = read_deadline(environ.pop(_DEADLINE, None), self._clocks)
        if (prefer := environ.get("HTTP_PREFER")) is not None:
            wait = read_wait(prefer)
            left = min((s for s in (left, wait) if s is not None), default=None)
        if left is None:
            return None
        if left <= 0:
            raise too_late(self._service)
        return monotonic() + left

    def _turn(
        self, deadline: float | None, arrive: Callable[[], object] | None
    ) -> Turn:
        try:
            return self._slots.enter(deadline, arrive)
        except Full:
            raise busy(self._service) from None
        except TooLate:
            raise too_late(self._service) from None


def admission_of(job: Job, slots: Slots | None = None) -> Admission:
    """Return the admission of the service that `job` describes.

    Args:
        job: Its callers are told by its variables.
        slots: Other ones than its threads.

    Raises:
        AppNotLoaded: It is to know its callers, and what that takes is missing.
    """
    prepare_for_tokens(job)
    callers = callers_of(job.environment)
    if slots is None:
        slots = Slots(job.threads, places_of(job), stuck_in(job.environment))
    return Admission(job.service, callers, slots)


def _is_endless(headers: Sequence[Header]) -> bool:
    return any(
        name.lower() == "content-type" and value.startswith("text/event-stream")
        for name, value in headers
    )


def _clear(environ: MutableMapping[str, Any]) -> None:
    """Take all that is left of our headers out of `environ`."""
    # To look at each name takes three times as long, and hardly ever finds one.
    if OURS_IN_ENVIRON in " ".join(environ):
        for name in [n for n in environ if n.startswith(OURS_IN_ENVIRON)]:
            del environ[name]


def prepare_for_tokens(job: Job) -> None:
    """Import what it takes to know who calls, and to say who called.

    Raises:
        AppNotLoaded: It is not installed.
    """
    if KEY not in job.environment and callers_of(job.environment) is None:
        return
    try:
        prepare()
    except ImportError as error:
        raise AppNotLoaded(
            f"`pyjwt[crypto]` is not installed for `{sys.executable}`: {error}",
            hint="`glassware install` adds it to a service's own environment",
        ) from None


def places_of(job: Job) -> int:
    """Return how many requests may be open at once in the process of `job`."""
    return max(PLACES, 2 * job.threads)
