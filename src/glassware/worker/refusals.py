"""The answers that come from no application: each says why, and the way out."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from glassware.protocol import REFUSED, Refusal


Header = tuple[str, str]

RETRY_AFTER = ("Retry-After", "1")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class AnsweredHere(Exception):  # no fault: an answer that needs no application
    """The answer to a request that no application gets.

    Args:
        status: Of the answer.
        line: What is wrong, and the way out; empty: nothing is.
        headers: Besides those of the line.
    """

    def __init__(
        self, status: HTTPStatus, line: str = "", headers: Iterable[Header] = ()
    ) -> None:
        super().__init__(line)
        self.status = status
        self.body = f"{line}\n".encode(errors="replace") if line else b""
        self.headers = list(headers)
        if line:
            self.headers.append(("Content-Type", "text/plain; charset=utf-8"))
            self.headers.append(("Content-Length", str(len(self.body))))

    def wsgi(self, method: str, start_response: Callable[..., Any]) -> list[bytes]:
        """Answer as a WSGI application does."""
        start_response(f"{self.status.value} {self.status.phrase}", self.headers)
        return [] if method == "HEAD" else [self.body]


def alive() -> AnsweredHere:
    """Return the answer of a worker that lives."""
    return AnsweredHere(HTTPStatus.NO_CONTENT)


def nobody_known(service: str, reason: str) -> AnsweredHere:
    """Return the answer to a request that does not prove whose it is."""
    return _refused(
        "identity",
        HTTPStatus.UNAUTHORIZED,
        f"`{service}` answers its callers only, and this request does not prove "
        f"whose it is: {reason} (call it with `glassware.services`, or at the address "
        f"that `{{services.{service}.url}}` stands for)",
        ("WWW-Authenticate", "Glassware"),
    )


def no_caller(service: str, caller: str) -> AnsweredHere:
    """Return the answer to somebody who may not call."""
    # Nothing is proven of the name yet, so it may be any text.
    who = f"`{caller}`" if _NAME.fullmatch(caller) else "whoever asks"
    return _refused(
        "caller",
        HTTPStatus.FORBIDDEN,
        f"{who} may not call `{service}` (name `{service}` in `calls` of the "
        "caller's service.toml)",
    )


def too_late(service: str) -> AnsweredHere:
    """Return the answer to a request that nobody waits for any more."""
    return _refused(
        "deadline",
        HTTPStatus.GATEWAY_TIMEOUT,
        f"the time of this request was over before `{service}` could begin with it "
        "(allow it more time, or give the service more `workers` or `threads`)",
    )


def busy(service: str) -> AnsweredHere:
    """Return the answer where there is no place."""
    return _not_now(
        f"`{service}` has as many requests as it can answer in time (ask again in "
        "a second, or give the service more `workers` or `threads`)"
    )


def too_deep(service: str, most: int) -> AnsweredHere:
    """Return the answer in a group to calls that seem to go in a circle."""
    return _not_now(
        f"`{service}` was called through {most} services, one after the other (do they "
        "call each other in a circle?)"
    )


def _not_now(line: str) -> AnsweredHere:
    return _refused("busy", HTTPStatus.SERVICE_UNAVAILABLE, line, RETRY_AFTER)


def _refused(
    why: Refusal, status: HTTPStatus, line: str, *headers: Header
) -> AnsweredHere:
    return AnsweredHere(status, line, [(REFUSED, why), *headers])
