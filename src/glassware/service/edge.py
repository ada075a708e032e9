"""From a service to one of its neighbours: all that makes a call safe, in order.

permission -> deadline -> circuit breaker -> place -> attempts -> transport

Permission is had once, when the edge is made; the others are asked at each
call. Whatever goes wrong leaves here as a `CallError` that tells what was
called.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from glassware.current import Incoming
from glassware.environment import Policy, Settings, spelled
from glassware.errors import (
    Call,
    CallError,
    CircuitOpen,
    DeadlineExceeded,
    Unavailable,
)

from .breaker import Breaker, Open
from .deadline import by
from .headers import Letterhead
from .incoming import current_request
from .outgoing import Outgoing
from .permission import address_of, own_name
from .places import Places
from .record import record
from .refusals import check_refusal
from .response import Response
from .retries import PASSING, Budget, Sent, carry, is_lost
from .settings import current
from .transport import Request, Stream, Transport
from .transports import transport_to
from .usual import Usual
from .visits import heed_vary
from .workers import Arrivals


log = logging.getLogger("glassware.calls")

S = TypeVar("S", bound=Sent)
How = Callable[[Transport, Request], S]

# How long a call waits for a neighbour of a running site that is just restarting.
HOLD = 5.0

# No call waits longer than this for a place, nor longer than half of its time.
PATIENCE = 1.0


class Edge:
    """How one service calls one of its neighbours.

    Args:
        settings: Those of the service.
        neighbour: The neighbour.

    Attributes:
        name: The name that the neighbour has itself.
        policy: What was said of calls to it.

    Raises:
        UnknownService: No such service, or its address is not known.
        NotAllowed: `calls` does not name it.
    """

    def __init__(self, settings: Settings, neighbour: str) -> None:
        self.settings = settings
        self.name = own_name(neighbour, settings)
        self.policy = settings.policies.get(spelled(neighbour)) or Policy()
        self.breaker = Breaker(self.policy.breaker)
        self.places = Places(self.policy.at_once)
        self.budget = Budget()
        self._address = address_of(neighbour, settings)
        self._arrivals = Arrivals(self._address)
        self._usual = Usual()
        self._letterhead = Letterhead(settings, self.name, self._address)
        self._hold = HOLD if settings.site else 0.0

    def send(self, call: Outgoing) -> Response:
        """Return the response to `call`; see `Neighbour.request`."""
        response = self._make(call, lambda way, request: way.send(request))
        self.places.give()
        response.attempts = call.attempts
        response.seconds = time.monotonic() - call.began
        return response

    def open(self, call: Outgoing) -> Stream:
        """Return the answer to `call` once it begins.

        Its place stays taken: `places.give` is for whoever closes it.
        """
        return self._make(call, lambda way, request: way.open(request))

    def facts(self, call: Outgoing) -> Call:
        """Return what errors tell of `call`."""
        return Call(
            caller=self.settings.service,
            neighbour=self.name,
            method=call.method,
            path=call.path,
            attempts=call.attempts,
            seconds=time.monotonic() - call.began,
        )

    def _make(self, call: Outgoing, how: How[S]) -> S:
        """Return the answer; the place is still taken then."""
        asked = current_request()
        answer: S | None = None
        try:
            self._begin(call, asked)
            era = self._admit(call)
            if asked is None or asked.slot is None:
                answer = self._guarded(call, asked, era, how)
            else:
                asked.slot.lend()
                try:
                    answer = self._guarded(call, asked, era, how)
                finally:
                    asked.slot.take_back()
        except CallError as error:
            self._explain(error, call, asked)
            raise
        finally:
            if asked is not None and self.settings.development:
                record(asked, self.name, call, answer)
        if asked is not None:
            heed_vary(asked, answer.fields)
        return answer

    def _begin(self, call: Outgoing, asked: Incoming | None) -> None:
        call.deadline = min(call.deadline, by(asked))
        self._left(call)
        if asked is not None and asked.caller_retries:
            call.most = 1

    def _guarded(
        self, call: Outgoing, asked: Incoming | None, era: int, how: How[S]
    ) -> S:
        patience = (call.deadline - time.monotonic()) / 2
        if not self.places.take(min(PATIENCE, max(0.0, patience))):
            self.breaker.undecided(era)
            raise self._crowded(call)
        try:
            answer = carry(call, lambda: self._attempt(call, asked, how), self.budget)
            signed = bool(self.settings.key)
            check_refusal(answer, self.name, call, signed=signed)
        except CallError as error:
            self.places.give()
            self._judge(era, call, error)
            raise
        except BaseException:
            self.places.give()
            self.breaker.undecided(era)
            raise
        if answer.status_code not in PASSING:
            self._usual.note(time.monotonic() - call.began)
            self._succeeded(era)
        elif answer.status_code == HTTPStatus.GATEWAY_TIMEOUT and self._in_haste(call):
            self.breaker.undecided(era)
        else:
            self._failed(era, f"it answered {call} with status {answer.status_code}")
        return answer

    def _attempt(self, call: Outgoing, asked: Incoming | None, how: How[S]) -> S:
        left = self._left(call)
        request = Request(
            neighbour=self.name,
            address=self._address,
            method=call.method,
            target=call.target,
            headers=self._letterhead.write(call, asked, left),
            body=call.body,
            timeout=left,
            hold=max(0.0, self._hold - (call.deadline - left - call.began)),
            repeatable=call.repeatable,
            largest=call.largest,
            caller=self.settings.service,
        )
        return how(transport_to(self.name, self.settings.faults), request)

    def _admit(self, call: Outgoing) -> int:
        try:
            era = self._pass()
        except Open as found:
            raise CircuitOpen(
                f"`{self.name}` was not asked {call}: for {found.since:.3g} s it has "
                f"been left alone, after {found.failures} failures; the last: "
                f"{found.reason}",
                hint=f"it is tried again in {found.again:.3g} s",
            ) from None
        if self.breaker.is_open:
            # The one call that finds out is enough.
            call.most = 1
        return era

    def _pass(self) -> int:
        """Return the era of a call; a worker that has come is tried at once."""
        try:
            return self.breaker.admit()
        except Open:
            if not self._arrivals.any():
                raise
            self.breaker.hurry()
            return self.breaker.admit()

    def _in_haste(self, call: Outgoing) -> bool:
        """Tell whether a call had less time than the neighbour may well need.

        Whoever asks has chosen it, a visitor even; nobody else is to pay for it.
        """
        had = call.deadline - call.began
        return had < min(self._usual.slowest, self.policy.timeout / 2)

    def _judge(self, era: int, call: Outgoing, error: CallError) -> None:
        if isinstance(error, DeadlineExceeded) and self._in_haste(call):
            self.breaker.undecided(era)
        elif isinstance(error, (Unavailable, DeadlineExceeded)) or is_lost(error):
            self._failed(era, error.message)
        else:
            self._succeeded(era)

    def _failed(self, era: int, reason: str) -> None:
        if self.breaker.failed(era, reason):
            self._arrivals.any()
            log.warning(
                "`%s` is left alone after %d failures in a row; the last: %s",
                self.name,
                self.policy.breaker,
                reason,
            )

    def _succeeded(self, era: int) -> None:
        if self.breaker.succeeded(era):
            log.info("`%s` answers again", self.name)

    def _crowded(self, call: Outgoing) -> Unavailable:
        return Unavailable(
            f"`{self.name}` was not asked {call}: {self.places.limit} calls to it were "
            f"under way, and none ended soon",
            hint=f"`at_once` below `[neighbours.{self.name}]` is the limit",
        )

    def _explain(
        self, error: CallError, call: Outgoing, asked: Incoming | None
    ) -> None:
        error.call = self.facts(call)
        if call.attempts > 1:
            error.add_note(f"sent {call.attempts} times in {error.call.seconds:.3g} s")
        if error.hint is None:
            error.hint = _hint(error, call, asked)
        if isinstance(error, DeadlineExceeded) and asked is not None:
            error.hint = self._circle(asked) or error.hint

    def _circle(self, asked: Incoming) -> str | None:
        """Return what is to be said where the neighbour itself waits for an answer."""
        if self.name not in asked.via:
            return None
        ring = asked.via[asked.via.index(self.name) :]
        names = " → ".join((*ring, self.settings.service, self.name))
        return (
            f"it waits for this answer: {names}; with `threads = 1` it gives no other"
        )

    def _left(self, call: Outgoing) -> float:
        left = call.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded(
                f"`{self.name}` was not asked {call}: no time was left"
            )
        return left


def _hint(error: CallError, call: Outgoing, asked: Incoming | None) -> str | None:
    if error.outcome_unknown and not call.repeatable:
        return "it was sent once, and may have been carried out"
    late = isinstance(error, DeadlineExceeded)
    if late and asked is not None and call.deadline == asked.deadline:
        return (
            "the request being answered had no more time left: `timeout` of its route "
            "is the limit, and none has a route with `stream = true`"
        )
    return None


_edges: dict[tuple[str, str], Edge] = {}
_making = threading.Lock()


def edge_to(neighbour: str) -> Edge:
    """Return the edge from the service that asks to a neighbour.

    Raises:
        UnknownService: No such service, or its address is not known.
        NotAllowed: `calls` does not name it.
    """
    settings = current()
    edge = _edges.get((settings.service, neighbour))
    if edge is None or edge.settings is not settings:
        edge = _make_edge(settings, neighbour)
    return edge


def _make_edge(settings: Settings, neighbour: str) -> Edge:
    # However it is spelled, its failures are counted in one place.
    own = (settings.service, own_name(neighbour, settings))
    with _making:
        edge = _edges.get(own)
        if edge is None or edge.settings is not settings:
            edge = _edges[own] = Edge(settings, neighbour)
        _edges[settings.service, neighbour] = edge
        return edge


def forget() -> None:
    """Begin anew, as a process does that was forked."""
    global _making  # noqa: PLW0603 - the parent may have held it
    _making = threading.Lock()
    _edges.clear()


os.register_at_fork(after_in_child=forget)
