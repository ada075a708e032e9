"""A service of the running site, called by the test as a neighbour calls it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Unpack

from glassware import current
from glassware.identity import SITE
from glassware.service.client import Neighbour, Options, StreamOptions
from glassware.service.response import Response
from glassware.service.streams import Streamed

from .calls import Asking


class Asked(Neighbour):
    """A service, asked in the name of the site itself.

    Args:
        name: The service.
        variables: What whoever calls it in the site's name is told.
    """

    __slots__ = ("_variables",)

    def __init__(self, name: str, variables: Mapping[str, str]) -> None:
        super().__init__(name)
        self._variables = variables

    def request(self, method: str, path: str, **options: Unpack[Options]) -> Response:
        """Send a request and return its response; see `Neighbour.request`."""
        with _as_site(self._variables):
            return super().request(method, path, **options)

    def stream(
        self, method: str, path: str, **options: Unpack[StreamOptions]
    ) -> AbstractContextManager[Streamed]:
        """Send a request and return its response; see `Neighbour.stream`."""
        return self._stream(method, path, options)

    @contextmanager
    def _stream(
        self, method: str, path: str, options: StreamOptions
    ) -> Iterator[Streamed]:
        with _as_site(self._variables), super().stream(method, path, **options) as it:
            yield it


@contextmanager
def _as_site(variables: Mapping[str, str]) -> Iterator[None]:
    current.members[SITE] = current.Member(name=SITE, environment=variables)
    asking = current.incoming.get()
    mine = Asking()
    service, incoming = current.service.set(SITE), current.incoming.set(mine)
    try:
        yield
    finally:
        current.incoming.reset(incoming)
        current.service.reset(service)
        current.members.pop(SITE, None)
        if isinstance(asking, Asking):
            asking.own += mine.calls
