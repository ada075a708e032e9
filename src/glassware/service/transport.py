"""One request to a neighbour, its response, and what carries them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol, Self

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from glassware.errors import BadAnswer


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT_ERROR = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that is ready to be sent.

    Attributes:
        neighbour: The service that is called, by its name.
        address: Where it is: `unix:FOLDER` or `http://host:port`.
        method: In capitals.
        target: Path and query, percent-encoded.
        headers: Every header that is sent, `Host` among them.
        body: `None` where the request has none.
        timeout: Seconds until the caller must have its answer.
        hold: Seconds of these to wait for a neighbour that is restarting.
    """

    neighbour: str
    address: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    timeout: float
    hold: float = 0.0

    @property
    def is_safe(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method in SAFE_METHODS

    def __str__(self) -> str:
        # Without the query: it may hold what does not belong into a log.
        return f"`{self.method} {self.target.partition('?')[0]}`"


@dataclass(frozen=True, eq=False)
class Response:
    """What a neighbour answered.

    Attributes:
        request: What it answers.
        status_code: Such as 200.
        fields: Its headers as they came.
        content: Its body.
    """

    request: Request
    status_code: int
    fields: Sequence[tuple[str, str]]
    content: bytes

    @property
    def url(self) -> str:
        """The neighbour and the target that were asked."""
        return f"http://{self.request.neighbour}{self.request.target}"

    @cached_property
    def headers(self) -> Headers:
        """Its headers: any spelling of a name finds them, repeated ones are kept."""
        return Headers(self.fields)

    @property
    def ok(self) -> bool:
        """Whether the status is no error (below 400)."""
        return self.status_code < CLIENT_ERROR

    @cached_property
    def text(self) -> str:
        """Its body as text, in the encoding that it states or in UTF-8."""
        _, options = parse_options_header(self.headers.get("Content-Type"))
        try:
            return self.content.decode(options.get("charset", "utf-8"), "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # JSON is what it is
        """Return its body, read as JSON.

        Raises:
            BadAnswer: It is none.
        """
        try:
            return json.loads(self.content)
        except ValueError as error:
            kind = self.headers.get("Content-Type", "no content type")
            raise BadAnswer(
                f"`{self.request.neighbour}` answered {self.request} with status "
                f"{self.status_code} and a body that is no JSON ({kind})"
            ) from error

    def raise_for_status(self) -> Self:
        """Return this response if its status is no error.

        Raises:
            BadAnswer: The status is 400 or above.
        """
        if self.ok:
            return self
        raise BadAnswer(
            f"`{self.request.neighbour}` answered {self.request} with status "
            f"{self.status_code}{_phrase(self.status_code)}"
        )

    def __repr__(self) -> str:
        return f"<Response {self.status_code} of {self.url}>"


class Transport(Protocol):
    """Whatever can carry a request to a neighbour and bring its response."""

    def send(self, request: Request) -> Response:
        """Return the response to `request`.

        Raises:
            Unavailable: The neighbour could not be reached, or ended the
                connection without an answer.
            DeadlineExceeded: It did not answer in time.
            BadAnswer: It answered with something that is no usable response.
        """


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
