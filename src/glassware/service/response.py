"""What a neighbour answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol, Self

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from glassware.errors import BadAnswer, Call, CallError
from glassware.protocol import FAILURE


CLIENT_ERROR = 400
SERVER_ERROR = 500
_FAILURE = FAILURE.lower()


class Asked(Protocol):
    """What a response says of the request that it answers."""

    neighbour: str
    method: str
    target: str
    caller: str

    @property
    def path(self) -> str:
        """The target without its query."""


class Answer:
    """The head of what a neighbour answered.

    Attributes:
        request: What it answers.
        status_code: Such as 200.
        fields: Its headers as they came.
        attempts: How often the request was sent.
        seconds: How long the answer took.
    """

    request: Asked
    status_code: int
    fields: Sequence[tuple[str, str]]
    attempts: int
    seconds: float

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

    @property
    def call(self) -> Call:
        """What was called, as errors about it tell."""
        asked = self.request
        return Call(
            caller=asked.caller,
            neighbour=asked.neighbour,
            method=asked.method,
            path=asked.path,
            attempts=self.attempts,
            seconds=self.seconds,
        )

    def raise_for_status(self) -> Self:
        """Return this response if its status is no error.

        Raises:
            BadAnswer: The status is 400 or above.
        """
        if self.ok:
            return self
        raise self._bad(_phrase(self.status_code))

    def _bad(self, why: str) -> BadAnswer:
        error = BadAnswer(
            f"`{self.request.neighbour}` answered {self.request} with status "
            f"{self.status_code}{why}",
            call=self.call,
        )
        error.response = self
        if any(name.lower() == _FAILURE for name, _ in self.fields):
            from .failure import cause_of  # noqa: PLC0415 - only who develops pays

            error.__cause__ = cause_of(self.fields)
        return error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code} of {self.url}>"


@dataclass(eq=False, repr=False)
class Response(Answer):
    """What a neighbour answered, all of it.

    Attributes:
        request: What it answers.
        status_code: Such as 200.
        fields: Its headers as they came.
        content: Its body.
        attempts: How often the request was sent.
        seconds: How long the answer took.
        error: Why this is the fallback; `None`: it is the neighbour's answer.
    """

    request: Asked
    status_code: int
    fields: Sequence[tuple[str, str]]
    content: bytes
    attempts: int = 1
    seconds: float = 0.0
    error: CallError | None = None

    @property
    def is_fallback(self) -> bool:
        """Whether this stands in for an answer that there is not."""
        return self.error is not None

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
            bad = self._bad(f" and a body that is no JSON ({kind})")
            raise bad from (bad.__cause__ or error)

    def close(self) -> None:
        """Do nothing: all of it is here."""


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
