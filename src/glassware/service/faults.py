"""Faults and fakes on the edges of a running site: a transport around a transport.

What is injected comes below everything that makes a call safe, so deadline,
retries, breaker and limits see it as they would see the real thing, over the
wire and within a group alike. Only a development site has the file that says
what is injected; while nothing is, it costs a call one `stat`.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import cache

from glassware.errors import DeadlineExceeded, Unavailable
from glassware.injection import InjectedFault, Injections, read_injections
from glassware.latest import Latest

from .response import Response
from .transport import Request, Stream, Transport


HINT = "`glassware fault` lists what is injected, `glassware fault --clear` ends it"
FLAKY_STATUS = 503


def over(way: Transport, path: str, wire: Callable[[], Transport]) -> Transport:
    """Return what carries a request that would go by `way`.

    Args:
        way: What carries it where nothing is injected.
        path: The file that says what is injected.
        wire: Gives what carries requests to a fake.
    """
    injections = _file(path).now()
    return way if injections is None else Faulty(way, injections, wire)


class Faulty:
    """Carries requests as `way` does, after what is injected.

    Args:
        way: What carries them.
        injections: What is injected now.
        wire: Gives what carries them to a fake.
    """

    __slots__ = ("_injections", "_way", "_wire")

    def __init__(
        self, way: Transport, injections: Injections, wire: Callable[[], Transport]
    ) -> None:
        self._way = way
        self._injections = injections
        self._wire = wire

    def send(self, request: Request) -> Response:
        """Return the response to `request`; see `Transport.send`."""
        status = self._suffer(request)
        if not status:
            return self._onward(request).send(request)
        body = b"" if request.method == "HEAD" else _body(status)
        return Response(request, status, _fields(status), body)

    def open(self, request: Request) -> Stream:
        """Return the answer to `request` as it begins; see `Transport.open`."""
        status = self._suffer(request)
        return Answered(status) if status else self._onward(request).open(request)

    def _suffer(self, request: Request) -> int:
        """Return the status that is answered in the neighbour's place, or 0."""
        for fault in self._injections.faults:
            if fault.meets(request.caller, request.neighbour) and _counts.strikes(
                fault
            ):
                status = _suffer(request, fault)
                if status:
                    return status
        return 0

    def _onward(self, request: Request) -> Transport:
        fake = self._injections.fake_of(request.neighbour)
        if fake is None:
            return self._way
        request.address = fake
        return self._wire()


class Answered:
    """The answer that a fault gives in the neighbour's place; see `Stream`.

    Args:
        status: Its status.
    """

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.fields = _fields(status)
        self._body = _body(status)

    def read(self, seconds: float) -> bytes:
        """Return the body, then nothing."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Forget the body."""
        self._body = b""


class Counts:
    """Which calls a flaky fault strikes.

    Args:
        chance: Picks a number from 0 to 1.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._counts: Counter[InjectedFault] = Counter()

    def strikes(self, fault: InjectedFault) -> bool:
        """Tell whether `fault` strikes a call that it meets."""
        if fault.flaky < 1:
            return self._chance() < fault.flaky
        with self._lock:
            self._counts[fault] += 1
            return self._counts[fault] % fault.flaky == 0


_counts = Counts()


@cache
def _file(path: str) -> Latest[Injections | None]:
    return Latest(path, read_injections, None)


def _suffer(request: Request, fault: InjectedFault) -> int:
    """Wait, fail, or return the status of the answer; 0: all goes on.

    Raises:
        DeadlineExceeded: The time was over before the wait was.
        Unavailable: The neighbour is said to be down.
    """
    if fault.slow:
        _wait(request, fault)
    if fault.down:
        raise Unavailable(
            f"`{request.neighbour}` was not reached for {request}: injected, {fault}",
            hint=HINT,
        )
    return fault.status or (0 if fault.slow else FLAKY_STATUS)


def _wait(request: Request, fault: InjectedFault) -> None:
    time.sleep(max(0.0, min(fault.slow, request.timeout)))
    if fault.slow >= request.timeout:
        raise DeadlineExceeded(
            f"`{request.neighbour}` did not answer {request} within "
            f"{request.timeout:.3g} s: injected, {fault}",
            hint=HINT,
            outcome_unknown=True,
        )
    request.timeout -= fault.slow


def _fields(status: int) -> list[tuple[str, str]]:
    length = str(len(_body(status)))
    return [("Content-Type", "text/plain"), ("Content-Length", length)]


def _body(status: int) -> bytes:
    return f"status {status}, injected; {HINT}\n".encode()
