"""How a request goes to a service: what is tried again, and how long it may take.

Envoy's own `timeout` counts until the last byte, so it would cut every long
download. It is off. A request that can be repeated is bounded by silence; any
other by the time to the first byte, which Envoy measures for each try and
which it would repeat wherever a reset is repeated too.

A request is tried twice: at a worker, and then in the waiting room, from
where it is sent to a worker once. See `waiting`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from glassware import protocol

from .headers import deadline
from .limits import Limits


Data = dict[str, Any]

BUFFER = "envoy.filters.http.buffer"
_PER_ROUTE = (
    "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
)
UNBUFFERED: Data = {"@type": _PER_ROUTE, "disabled": True}

# Nothing was started: right for every method.
_UNSENT = "connect-failure,reset-before-request"
_REFUSED = "retriable-headers"
_REPEATABLE = f"connect-failure,reset,{_REFUSED}"
_FIRST_PAUSE = 0.025

_PRIORITIES = "envoy.retry_priorities.previous_priorities"
_OTHERS = "envoy.retry_host_predicates.previous_hosts"
_EXTENSIONS = "type.googleapis.com/envoy.extensions.retry"

# As `service` has it: a call of these may be made twice.
_IDEMPOTENT = "GET|HEAD|OPTIONS|PUT|DELETE"
_KEY = "idempotency-key"

# With a body, a service would wait for what Envoy keeps back until it agrees.
_WEBSOCKET: list[Data] = [
    {"name": ":method", "string_match": {"exact": "GET"}},
    {"name": "upgrade", "string_match": {"exact": "websocket", "ignore_case": True}},
    {"name": "content-length", "present_match": True, "invert_match": True},
]
_NO_UPGRADE: list[Data] = [{"upgrade_type": "websocket", "enabled": False}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How requests of one address go to a service.

    Attributes:
        service: Where they lead.
        timeout: Seconds until the gateway gives up; `None`: it does not.
        stream: Whether nothing of them is kept for another try.
        strip: The expression of what is cut off the path; empty: nothing.
        filters: What the filters of the listener are told.
    """

    service: str
    timeout: float | None
    stream: bool = False
    strip: str = ""
    filters: Data = field(default_factory=dict)


def leads(way: Way, limits: Limits) -> Iterator[Data]:
    """Return for each sort of request a route; it lacks the path that it matches."""
    yield _lead(
        way,
        _WEBSOCKET,
        _action(way, limits.socket_silence, _retries(_UNSENT))
        | {"upgrade_configs": []},
        filters={},
    )
    unrepeated = _retries(f"{_UNSENT},{_REFUSED}")
    if way.timeout is None:
        silence = limits.socket_silence
        yield from _repeatable(way, _action(way, silence, _retries(_REPEATABLE)))
        yield _lead(way, [], _action(way, silence, unrepeated))
        return
    first_byte = unrepeated | {"per_try_timeout": _seconds(way.timeout)}
    yield _lead(way, _EVENTS, _action(way, limits.socket_silence, first_byte))
    if way.stream:
        yield _lead(way, [], _action(way, limits.stream_silence, first_byte))
        return
    told = [deadline(way.timeout)]
    repeated = _action(way, way.timeout, _retries(_REPEATABLE))
    for route in _repeatable(way, repeated):
        yield route | {"request_headers_to_add": told}
    yield _lead(way, [], _action(way, limits.silence, first_byte)) | {
        "request_headers_to_add": told
    }


def patience(limits: Limits) -> Data:
    """Return the policy that waits for a worker for about five seconds."""
    return {
        "retry_on": _UNSENT,
        "num_retries": limits.tries,
        "retry_back_off": {
            "base_interval": _seconds(_FIRST_PAUSE),
            "max_interval": _seconds(limits.try_pause),
        },
        "retry_host_predicate": [
            {
                "name": _OTHERS,
                "typed_config": {
                    "@type": f"{_EXTENSIONS}.host.previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "host_selection_retry_max_attempts": 3,
    }


def unrepeatable() -> list[Data]:
    """Return what requests have that are never sent a second time."""
    return [
        {**_by_method(_IDEMPOTENT), "invert_match": True},
        {"name": _KEY, "present_match": True, "invert_match": True},
    ]


def buffered(most: int) -> Data:
    """Return what keeps a request back until its body of so many bytes is there."""
    return {
        BUFFER: {"@type": _PER_ROUTE, "buffer": {"max_request_bytes": max(most, 1)}}
    }


_EVENTS: list[Data] = [
    {"name": "accept", "string_match": {"prefix": "text/event-stream"}}
]


def _repeatable(way: Way, action: Data) -> Iterator[Data]:
    yield _lead(way, [_by_method(_IDEMPOTENT)], action)
    yield _lead(way, [{"name": _KEY, "present_match": True}], action)


def _lead(
    way: Way, headers: list[Data], action: Data, *, filters: Data | None = None
) -> Data:
    return {
        "match": {"headers": headers} if headers else {},
        "route": action,
        "typed_per_filter_config": way.filters if filters is None else filters,
    }


def _retries(on: str) -> Data:
    """Return the policy that sends a request to the waiting room, once.

    A worker that is too busy for one more has started nothing: the other try
    may find one that is not.
    """
    policy: Data = {
        "retry_on": on,
        "num_retries": 1,
        "retry_back_off": {"base_interval": _seconds(_FIRST_PAUSE)},
        "retry_priority": {
            "name": _PRIORITIES,
            "typed_config": {
                "@type": f"{_EXTENSIONS}.priority.previous_priorities.v3"
                ".PreviousPrioritiesConfig",
                "update_frequency": 1,
            },
        },
    }
    if _REFUSED in on:
        policy["retriable_headers"] = [
            {"name": protocol.REFUSED, "string_match": {"exact": "busy"}}
        ]
    return policy


def _action(way: Way, silence: float, policy: Data) -> Data:
    action: Data = {
        "cluster": way.service,
        "timeout": "0s",
        "idle_timeout": _seconds(silence),
        "retry_policy": policy,
        "upgrade_configs": _NO_UPGRADE,
    }
    if way.strip:
        action["regex_rewrite"] = {
            "pattern": {"regex": way.strip},
            "substitution": "/",
        }
    return action


def _by_method(methods: str) -> Data:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": methods}}}


def _seconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "s"
