"""The headers of a call, and where each comes from."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from glassware.current import Incoming
from glassware.environment import Settings
from glassware.protocol import (
    DEADLINE,
    IDENTITY,
    RETRY,
    TRACE,
    VIA,
    VISITOR,
    new_traceparent,
    write_deadline,
    write_via,
)
from glassware.tokens import Key, Signer

from .incoming import trace_of
from .outgoing import Outgoing
from .visits import found_of


_IDEMPOTENCY_KEY = "Idempotency-Key"


class Letterhead:
    """What the headers of all calls from one service to another have in common.

    Args:
        settings: Those of the caller.
        neighbour: The neighbour, by the name that it has itself.
        address: Where it is.
    """

    def __init__(self, settings: Settings, neighbour: str, address: str) -> None:
        self._fixed = tuple(_fixed(settings, address))
        self._neighbour = neighbour
        self._own = (settings.service,) if settings.service else ()
        self._signer = (
            Signer(Key(settings.key), settings.service) if settings.key else None
        )

    def write(
        self, call: Outgoing, asked: Incoming | None, seconds: float
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers of one attempt.

        Args:
            call: What is called.
            asked: The request that is being answered.
            seconds: What is left of the call's time.
        """
        if not call.trace:
            call.trace = new_traceparent(None) if asked is None else trace_of(asked)
        headers = [
            *self._fixed,
            ("traceparent", new_traceparent(call.trace)),
            (DEADLINE, write_deadline(seconds)),
        ]
        via = self._own if asked is None else asked.via + self._own
        if via:
            headers.append((VIA, write_via(via)))
        if self._signer is not None:
            headers.append((IDENTITY, self._signer.token(self._neighbour)))
        if call.most > 1 and call.repeatable:
            headers.append((RETRY, "no"))
        if call.kind is not None:
            headers.append(("Content-Type", call.kind))
        if asked is not None:
            if token := found_of(asked).token:
                headers.append((VISITOR, token))
            headers += _onward(call, asked)
        return _overlay(headers, call.given) if call.given else tuple(headers)


def _fixed(settings: Settings, address: str) -> Iterator[tuple[str, str]]:
    public = urlsplit(settings.url)
    if public.netloc:
        yield "Host", public.netloc
        yield "X-Forwarded-Proto", public.scheme
    elif address.startswith("unix:"):
        yield "Host", "localhost"
    else:
        yield "Host", urlsplit(address).netloc
    yield "Accept", "*/*"
    yield "Accept-Encoding", "identity"
    yield "User-Agent", f"glassware/{settings.service}".rstrip("/")
    if settings.development:
        yield TRACE, "yes"


def _onward(call: Outgoing, asked: Incoming) -> Iterator[tuple[str, str]]:
    for pair in asked.onward:
        name = pair[0]
        if name == "traceparent":
            continue
        if name == _IDEMPOTENCY_KEY and call.method not in {"POST", "PATCH"}:
            continue
        yield pair


def _overlay(
    headers: list[tuple[str, str]], given: list[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    named = {name.lower() for name, _ in given}
    return (*[pair for pair in headers if pair[0].lower() not in named], *given)
