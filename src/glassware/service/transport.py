"""One request to a neighbour, and what carries it there: once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .response import Response


MIB = 1024 * 1024

Body = bytes | Iterable[bytes] | None


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request that is ready to be sent.

    Attributes:
        neighbour: The service that is called, by its name.
        address: Where it is: `unix:FOLDER` or `http://host:port`.
        method: In capitals.
        target: Path and query, percent-encoded.
        headers: Every header that is sent, `Host` among them.
        body: `None` where the request has none; what is not bytes is read as it
            is sent.
        timeout: Seconds until the caller must have its answer.
        hold: Seconds of these to wait for a neighbour that is restarting.
        repeatable: Whether carrying it out twice does no more than once.
        largest: The most bytes that the answer's body may have.
        caller: The service that calls; empty where it runs alone.
    """

    neighbour: str
    address: str
    method: str
    target: str
    # A token among them is not for logs and tracebacks.
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: Body = field(default=None, repr=False)
    timeout: float
    hold: float = 0.0
    repeatable: bool = False
    largest: int = 64 * MIB
    caller: str = ""

    @property
    def path(self) -> str:
        """Its target without the query, which may hold what no log should."""
        return self.target.partition("?")[0]

    def __str__(self) -> str:
        return f"`{self.method} {self.path}`"


class Stream(Protocol):
    """An answer whose head is there, and whose body is still to come."""

    @property
    def status_code(self) -> int:
        """Such as 200."""

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Its headers as they came."""

    def read(self, seconds: float) -> bytes:
        """Return the next part of the body; nothing: it has ended.

        Args:
            seconds: The longest silence that is waited for.

        Raises:
            DeadlineExceeded: It was silent for longer.
            BadAnswer: It broke off.
        """

    def close(self) -> None:
        """End it, wherever it is; the neighbour notices."""


class Transport(Protocol):
    """Whatever can carry a request to a neighbour and bring its response.

    It makes one attempt. As long as nothing was sent it may try other workers
    and wait within `Request.hold`; whether something is sent again is decided
    above it.
    """

    def send(self, request: Request) -> Response:
        """Return the response to `request`.

        Raises:
            Unavailable: The neighbour could not be reached, or (with
                `outcome_unknown`) ended the connection without an answer.
            DeadlineExceeded: It did not answer in time.
            BadAnswer: It answered with something that is no usable response;
                with `outcome_unknown` where the answer broke off.
        """

    def open(self, request: Request) -> Stream:
        """Return the answer to `request` as soon as its head is there.

        Raises:
            CallError: As `send` does.
        """
