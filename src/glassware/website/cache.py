"""Fragments that were fetched before, kept for as long as their own headers allow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentRequest:
    """What a page asks a neighbour for.

    Attributes:
        caller: The service whose page it is.
        service: The neighbour.
        target: The path, with its query.
        headers: What is sent that depends on the visitor: `Accept-Language`,
            `Cookie`.
        visitor: The id and the session of the visitor, once verified; empty: nobody
            is signed in.
        nonce: The page's, for its Content-Security-Policy; empty: it has none.
    """

    caller: str = ""
    service: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    visitor: str = field(default="", repr=False)
    nonce: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentAnswer:
    """What the neighbour answered, now or earlier.

    Attributes:
        status: Such as 200.
        fields: Its headers as they came.
        body: Its body.
        age: Seconds since the neighbour made it.
        stale: Why it is shown although it is no longer fresh: `error` or
            `revalidating`; empty: it is fresh.
        error: What happened instead of a newer one, where `stale` is `error`.
    """

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    age: float = 0.0
    stale: str = ""
    error: str = ""


Ask = Callable[[Mapping[str, str]], FragmentAnswer]
"""Calls the neighbour with further headers; raises `CallError`."""

Later = Callable[[Callable[[], object]], object]
"""Runs something in the background."""


def cached_fetch(request: FragmentRequest, ask: Ask, later: Later) -> FragmentAnswer:
    """Return a fragment: a kept one where its headers allow it, else a new one.

    Args:
        request: What is asked for.
        ask: Asks for it; the headers that it is given go with the request, besides
            `request.headers`, among them `X-Glassware-Fragment`.
        later: Told to renew what was shown although it is no longer fresh.

    Raises:
        CallError: There is no answer, and no earlier one that may stand in for it.
    """
    return ask({"X-Glassware-Fragment": request.nonce or "-"})
