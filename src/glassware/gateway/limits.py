"""Every size, count and time of the gateway, in one table.

Envoy's configuration is made from `Limits`, and so is the table in
`docs/reference/gateway.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, NamedTuple, get_args, get_type_hints


KIB = 1024
MIB = 1024 * KIB


class Note(NamedTuple):
    """What a limit counts and what happens beyond it."""

    unit: str
    what: str
    beyond: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one gateway; the defaults are what every site gets."""

    header_size: Annotated[
        int, Note("KiB", "request line and headers of one request, together", "431")
    ] = 32
    header_count: Annotated[int, Note("headers", "headers of one request", "431")] = 64
    header_time: Annotated[
        float, Note("s", "until the headers of a request have arrived", "408")
    ] = 10
    connections: Annotated[
        int, Note("connections", "open at the same time, in all", "closed at once")
    ] = 10_000
    connection_idle: Annotated[
        float, Note("s", "a connection without a request stays open", "closed")
    ] = 60
    streams: Annotated[
        int,
        Note("requests", "at the same time on one connection of HTTP/2", "they wait"),
    ] = 100
    body: Annotated[
        int,
        Note("bytes", "request body, where the route says no `max_body`", "413"),
    ] = 16 * MIB
    silence: Annotated[
        float,
        Note("s", "an answer or an upload may pause, once it has begun", "cut"),
    ] = 60
    stream_silence: Annotated[
        float, Note("s", "the same on a route with `stream = true`", "cut")
    ] = 300
    socket_silence: Annotated[
        float,
        Note("s", "the same for a WebSocket and for server-sent events", "cut"),
    ] = 3600
    window: Annotated[
        int,
        Note("bytes", "held in memory for one connection on its way", "flow stops"),
    ] = 256 * KIB
    memory: Annotated[
        int,
        Note("bytes", "of the gateway's heap, request bodies included", "503"),
    ] = 1024 * MIB
    answer_header_size: Annotated[
        int, Note("KiB", "headers of one answer of a service, together", "502")
    ] = 256
    answer_header_count: Annotated[
        int, Note("headers", "headers of one answer of a service", "502")
    ] = 1000
    connect_time: Annotated[
        float, Note("s", "until a service accepts a connection", "tried again")
    ] = 1
    upstream_idle: Annotated[
        float,
        Note("s", "an idle connection to a service is kept for the next", "closed"),
    ] = 1.5
    tries: Annotated[
        int,
        Note("tries", "while a request waits for a worker: about 5 s", "503"),
    ] = 16
    try_pause: Annotated[
        float, Note("s", "at most between two tries; it begins with 0.025 s", "")
    ] = 0.8
    alive_time: Annotated[
        float,
        Note("s", "until a worker says that it lives", "twice: others serve"),
    ] = 0.5
    alive_pause: Annotated[
        float, Note("s", "between two questions whether a worker lives", "")
    ] = 0.5
    renewal_time: Annotated[
        float,
        Note("s", "until a visitor's expired token is renewed", "anonymous this once"),
    ] = 1.5
    requests: Annotated[
        int,
        Note("requests", "at the same time in or on the way to a service", "503"),
    ] = 4096
    page: Annotated[
        int, Note("bytes", "of a page that the gateway itself writes", "shortened")
    ] = MIB


# What Envoy needs for itself: its libraries, sockets, watchers and logs.
_OWN_DESCRIPTORS = 64


def affordable(limits: Limits, descriptors: int) -> Limits:
    """Return `limits` with no more connections than there are descriptors for.

    Each connection may need a second one, to a service.
    """
    most = max((descriptors - _OWN_DESCRIPTORS) // 2, 1)
    return replace(limits, connections=min(limits.connections, most))


class Row(NamedTuple):
    """One line of the table."""

    name: str
    value: float
    unit: str
    what: str
    beyond: str


def rows(limits: Limits) -> Iterator[Row]:
    """Return the table in the order of the fields."""
    hints = get_type_hints(Limits, include_extras=True)
    for field in fields(limits):
        note = next(n for n in get_args(hints[field.name]) if isinstance(n, Note))
        yield Row(field.name, getattr(limits, field.name), *note)


def markdown(limits: Limits) -> str:
    """Return the table as the reference page shows it."""
    lines = ["| limit | value | of what | beyond it |", "|---|--:|---|---|"]
    lines += [
        f"| `{row.name}` | {_amount(row)} | {row.what} | {row.beyond} |"
        for row in rows(limits)
    ]
    return "\n".join(lines) + "\n"


def _amount(row: Row) -> str:
    if row.unit != "bytes":
        return f"{row.value:,} {row.unit}"
    size, unit = (MIB, "MiB") if row.value >= MIB else (KIB, "KiB")
    return f"{row.value / size:,g} {unit}"
