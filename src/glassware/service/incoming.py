"""The request that is being answered, also where no worker has noted it."""

import time
from collections.abc import Mapping
from typing import Any

from glassware.current import Incoming, incoming, read_flask
from glassware.protocol import (
    DEADLINE,
    FRAGMENT,
    RETRY,
    VIA,
    VISITOR,
    Clocks,
    new_traceparent,
    onward,
    read_deadline,
    read_via,
)


# Where a request that Flask answers without a worker keeps what was read of it.
_KEPT = "glassware.incoming"

_clocks = Clocks()


def current_request() -> Incoming | None:
    """Return the request that is being answered; `None`: none is."""
    found = incoming.get()
    if found is not None:
        return found
    environ = read_flask()
    if environ is None:
        return None
    known: Incoming | None = environ.get(_KEPT)
    if known is None:
        known = read_request(environ)
        if isinstance(environ, dict):
            environ[_KEPT] = known
    return known


def trace_of(asked: Incoming) -> str:
    """Return the `traceparent` of a request; a trace begins where there is none."""
    for name, value in asked.onward:
        if name == "traceparent":
            return value
    begun = new_traceparent(None)
    asked.onward = (("traceparent", begun), *asked.onward)
    return begun


def read_request(environ: Mapping[str, Any], service: str = "") -> Incoming:
    """Return what a WSGI environ says of a request that no worker has noted."""
    left = read_deadline(header(environ, DEADLINE), _clocks)
    via = read_via(header(environ, VIA))
    return Incoming(
        service=service,
        caller=via[-1] if via else "",
        method=environ.get("REQUEST_METHOD", ""),
        path=environ.get("PATH_INFO", ""),
        scheme=environ.get("wsgi.url_scheme", "http"),
        host=environ.get("HTTP_HOST", ""),
        deadline=None if left is None else time.monotonic() + left,
        via=via,
        onward=tuple(onward(environ)),
        visitor=header(environ, VISITOR) or "",
        cookie=environ.get("HTTP_COOKIE", ""),
        fragment=header(environ, FRAGMENT) or "",
        caller_retries=header(environ, RETRY) == "no",
    )


def header(environ: Mapping[str, Any], name: str) -> str | None:
    """Return a header of a request in WSGI's terms; `None`: it has none."""
    found: str | None = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
    return found
