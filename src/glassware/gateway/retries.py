"""How a request goes to a service: what is tried again, and how long it may take.

Envoy's own `timeout` counts until the last byte, so it would cut every long
download. It is off. A request that can be repeated is bounded by silence; any
other by the time to the first byte, which Envoy measures for each try and
which it would repeat wherever a reset is repeated too.
"""

from collections.abc import Iterator
from typing import Any

from .limits import Limits
from .routes import Line


Data = dict[str, Any]
Lead = tuple[Data, Data, Data]

BUFFER = "envoy.filters.http.buffer"
_PER_ROUTE = (
    "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
)
UNBUFFERED: Data = {"@type": _PER_ROUTE, "disabled": True}

# Nothing has reached the service: right for every method.
_UNSENT = "connect-failure,reset-before-request"
# One number of tries counts for both: enough to wait for a worker, few enough
# that a view which kills its worker is not started again and again.
_REPEATABLE = "connect-failure,reset"
_FIRST_PAUSE = 0.025


# With a body, a service would wait for what Envoy keeps back until it agrees.
_WEBSOCKET: list[Data] = [
    {"name": ":method", "string_match": {"exact": "GET"}},
    {"name": "upgrade", "string_match": {"exact": "websocket", "ignore_case": True}},
    {"name": "content-length", "present_match": True, "invert_match": True},
]
_NO_UPGRADE: list[Data] = [{"upgrade_type": "websocket", "enabled": False}]


def leads(line: Line, limits: Limits) -> Iterator[Lead]:
    """Return for each sort of request: its matchers, its action, its filters."""
    first_byte = {"per_try_timeout": _seconds(line.timeout)}
    silence = limits.stream_silence if line.stream else limits.silence
    body = _buffering(line)
    waiting = retry(limits, _UNSENT)
    patient = _action(line, limits.socket_silence, waiting) | {"upgrade_configs": []}
    listening = _action(line, limits.socket_silence, waiting | first_byte)
    yield {"headers": _WEBSOCKET}, patient, {}
    yield _headers("accept", {"prefix": "text/event-stream"}), listening, body
    if not line.stream:
        repeated = _action(line, line.timeout, retry(limits, _REPEATABLE))
        yield _headers(":method", _expression("GET|HEAD|OPTIONS")), repeated, body
    yield {}, _action(line, silence, waiting | first_byte), body


def inside(service: str, limits: Limits) -> Iterator[Data]:
    """Return the routes of a service's own TCP address."""
    for match, on in (
        (_headers(":method", _expression("GET|HEAD|OPTIONS")), _REPEATABLE),
        ({}, _UNSENT),
    ):
        yield {
            "match": {"prefix": "/", **match},
            "route": {
                "cluster": service,
                "timeout": "0s",
                "idle_timeout": _seconds(limits.socket_silence),
                "retry_policy": retry(limits, on),
            },
        }


def retry(limits: Limits, on: str) -> Data:
    """Return a policy that waits for a worker for about five seconds."""
    return {
        "retry_on": on,
        "num_retries": limits.tries,
        "retry_back_off": {
            "base_interval": _seconds(_FIRST_PAUSE),
            "max_interval": _seconds(limits.try_pause),
        },
    }


def _action(line: Line, silence: float, policy: Data) -> Data:
    action: Data = {
        "cluster": line.service,
        "timeout": "0s",
        "idle_timeout": _seconds(silence),
        "retry_policy": policy,
        "upgrade_configs": _NO_UPGRADE,
    }
    if line.strip:
        action["regex_rewrite"] = {
            "pattern": {"regex": line.strip},
            "substitution": "/",
        }
    return action


def _buffering(line: Line) -> Data:
    if line.stream:
        return {BUFFER: UNBUFFERED}
    most = max(line.max_body, 1)
    return {BUFFER: {"@type": _PER_ROUTE, "buffer": {"max_request_bytes": most}}}


def _headers(name: str, match: Data) -> Data:
    return {"headers": [{"name": name, "string_match": match}]}


def _expression(text: str) -> Data:
    return {"safe_regex": {"regex": text}}


def _seconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "s"
