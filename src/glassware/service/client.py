"""Calls to neighbours by their names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from glassware.environment import spelled
from glassware.errors import (
    BadAnswer,
    Call,
    CallError,
    CircuitOpen,
    DeadlineExceeded,
    Unavailable,
)

from .encoding import HeaderPairs, Pairs
from .fallback import Fallback
from .outgoing import make_outgoing
from .permission import callable_names
from .response import SERVER_ERROR, Response
from .settings import current


if TYPE_CHECKING:
    from .edge import Edge
    from .streams import Streamed


# After these there is no answer; the others are mistakes of whoever calls.
_NO_ANSWER = (Unavailable, CircuitOpen, DeadlineExceeded, BadAnswer)


class StreamOptions(TypedDict, total=False):
    """What a call can be given besides its path.

    Attributes:
        params: For the query; lists repeat a name, `None` leaves it out.
        json: A body, sent as JSON.
        data: A body: bytes or text as they are, a mapping as a form; a file or
            an iterator of bytes is sent as it is read.
        headers: Sent besides those that every call has.
        timeout: Seconds for all of the call; 10 unless told.
        max_answer: The most bytes that the answer may have.
    """

    params: Pairs | None
    json: Any
    data: Any
    headers: HeaderPairs | None
    timeout: float
    max_answer: int


class Options(StreamOptions, total=False):
    """What a call can be given besides its path.

    Attributes:
        fallback: What to go on with where there is no answer.
    """

    fallback: Any


class Neighbour:
    """One service of the site, ready to be called."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def request(self, method: str, path: str, **options: Unpack[Options]) -> Response:
        """Send a request and return its response, whatever its status.

        Redirects are not followed.

        Args:
            method: Such as `GET`.
            path: With a leading `/`; a query may follow it.
            **options: See `Options`.

        Raises:
            UnknownService: No such service, or its address is not known.
            NotAllowed: `calls` in this service's manifest does not name it.
            Unavailable: It could not be reached, was busy, or broke off.
            CircuitOpen: It failed so often just now that it was not asked.
            DeadlineExceeded: It did not answer in time.
            BadAnswer: Its answer cannot be used: too large, cut off, compressed.
            ValueError: An argument cannot be sent.
        """
        if "fallback" not in options:
            return _send(self._name, method, path, options)
        fallback = Fallback(options["fallback"])
        try:
            response = _send(self._name, method, path, options)
            if response.status_code < SERVER_ERROR:
                return response
            response.raise_for_status()
        except _NO_ANSWER as error:
            return fallback.response(self._name, path, error)
        return response

    def stream(
        self, method: str, path: str, **options: Unpack[StreamOptions]
    ) -> AbstractContextManager["Streamed"]:
        """Send a request and return its response as soon as it begins.

            with services.files.stream("GET", "/large") as response:
                for part in response.iter_bytes(): ...

        `timeout` is for the beginning, and then for each silence. The block may
        end before the answer does.

        Args:
            method: Such as `GET`.
            path: With a leading `/`; a query may follow it.
            **options: See `StreamOptions`.

        Raises:
            CallError: As `request` does.
        """
        return _stream(self._name, method, path, options)

    def get(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `GET`; see `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `HEAD`; see `request`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `OPTIONS`; see `request`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `POST`; see `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `PUT`; see `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `PATCH`; see `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `DELETE`; see `request`."""
        return self.request("DELETE", path, **options)

    def __repr__(self) -> str:
        return f"<Neighbour {self._name}>"


class Services:
    """The neighbours: `services.catalog`, or `services["price-list"]`."""

    def __getattr__(self, name: str) -> Neighbour:
        if name.startswith("_"):
            raise AttributeError(name)
        return Neighbour(name)

    def __getitem__(self, name: str) -> Neighbour:
        return Neighbour(name)

    def __iter__(self) -> Iterator[str]:
        """Return the names of the neighbours that may be called."""
        return iter(callable_names(current()))

    def __dir__(self) -> list[str]:
        return [spelled(name) for name in callable_names(current())]


services = Services()


def _send(
    neighbour: str, method: str, path: str, options: Mapping[str, Any]
) -> Response:
    try:
        edge = _find(neighbour, method, path)
        return edge.send(make_outgoing(method, path, options, edge.policy))
    except CallError as error:
        # A reader looks for the line that called; the way on from here is ours.
        raise error.with_traceback(None) from error.__cause__


@contextmanager
def _stream(
    neighbour: str, method: str, path: str, options: Mapping[str, Any]
) -> "Iterator[Streamed]":
    from .streams import Streamed, outgoing_stream  # noqa: PLC0415

    edge = _find(neighbour, method, path)
    response = Streamed(edge, outgoing_stream(method, path, options, edge.policy))
    try:
        yield response
    finally:
        response.close()


def _find(neighbour: str, method: str, path: str) -> "Edge":
    try:
        return _edge_to()(neighbour)
    except CallError as error:
        error.call = Call(
            caller=current().service,
            neighbour=neighbour,
            method=method.upper(),
            path=path.partition("?")[0],
        )
        raise


@cache
def _edge_to() -> "Callable[[str], Edge]":
    # Loaded at the first call, so that importing this module costs little.
    from .edge import edge_to  # noqa: PLC0415

    return edge_to
