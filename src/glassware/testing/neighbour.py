"""A service of the running site, called by the test as a neighbour calls it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Unpack

from glassware import current
from glassware.protocol import IDENTITY
from glassware.service.client import Neighbour, Options, StreamOptions
from glassware.service.response import Response
from glassware.service.streams import Streamed
from glassware.tokens import SITE

from .calls import Asking


class Asked(Neighbour):
    """A service, asked in the name of the site itself.

    Args:
        name: The service.
        variables: What whoever calls it in the site's name is told.
        prove: Returns a token that says who calls; it lives for a moment.
    """

    __slots__ = ("_prove", "_variables")

    def __init__(
        self, name: str, variables: Mapping[str, str], prove: Callable[[], str]
    ) -> None:
        super().__init__(name)
        self._variables = variables
        self._prove = prove

    def request(self, method: str, path: str, **options: Unpack[Options]) -> Response:
        """Send a request and return its response; see `Neighbour.request`."""
        with self._as_site():
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
        with self._as_site(), super().stream(method, path, **options) as it:
            yield it

    @contextmanager
    def _as_site(self) -> Iterator[None]:
        mine = Asking(onward=((IDENTITY, self._prove()),))
        member = current.Member(name=SITE, environment=self._variables)
        asking = current.incoming.get()
        current.members[SITE] = member
        service, incoming = current.service.set(SITE), current.incoming.set(mine)
        try:
            yield
        finally:
            current.incoming.reset(incoming)
            current.service.reset(service)
            current.members.pop(SITE, None)
            if isinstance(asking, Asking):
                asking.own += mine.calls
