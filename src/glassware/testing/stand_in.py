"""What takes the place of neighbours while a test has services in its process."""

from collections.abc import Callable

from glassware import current
from glassware.errors import UnknownService
from glassware.service import settings
from glassware.service.faults import over
from glassware.service.response import Response
from glassware.service.transport import Request, Stream, Transport
from glassware.service.transports import wire
from glassware.tokens import SITE


class StandIn:
    """Carries the requests for a neighbour to something in this process.

    Args:
        way: What carries them.
    """

    def __init__(self, way: Transport) -> None:
        self._way = way

    def send(self, request: Request) -> Response:
        """Return the response to `request`; see `Transport.send`."""
        return self._now().send(request)

    def open(self, request: Request) -> Stream:
        """Return the answer to `request` as it begins; see `Transport.open`."""
        return self._now().open(request)

    def _now(self) -> Transport:
        if current.service.get() == SITE:
            # The test itself asks its running site.
            return wire()
        return over(self._way, settings.current().faults, wire)


class Nobody:
    """Refuses the requests for a neighbour that a test has said nothing of.

    Args:
        refuse: Told of each; it fails the test.
    """

    def __init__(self, refuse: Callable[[str], None]) -> None:
        self._refuse = refuse

    def send(self, request: Request) -> Response:
        """Refuse `request`.

        Raises:
            UnknownService: Always.
        """
        raise self._refused(request)

    def open(self, request: Request) -> Stream:
        """Refuse `request`; see `send`."""
        raise self._refused(request)

    def _refused(self, request: Request) -> UnknownService:
        name = request.neighbour
        what = f"`{request.caller}` called {request} of `{name}`, which is not here"
        way_out = f'`fake("{name}")` stands in for it, `service("{name}")` loads it'
        self._refuse(f"{what}\n\nhint: {way_out}")
        return UnknownService(what, hint=way_out)
