"""Services as clusters of Envoy, each with its workers inside.

Endpoints are part of the cluster, not a discovery of their own: Envoy spends
an inotify instance on each watched file, and a user has 128 of them. A
changed cluster takes the place of the old one; requests and WebSockets on
their way through the old one end undisturbed.

Each service has two: the first leads to its workers, and where that fails to
the waiting room (see `waiting`); the second leads from there to its workers.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassware.protocol import ALIVE
from glassware.status import Phase

from .headers import TOKENS
from .limits import Limits
from .state import Place, Target, Upstream


Data = dict[str, Any]

WAITING = "waiting"
"""The name of the waiting room, and the beginning of its clusters' names."""

ROOM = "visitors.renewal"
"""The room in which a renewal is asked for, and the cluster that leads there."""

WORKERS = "visitors.workers"
"""The cluster that leads to who signs visitors in."""

# Whoever comes while so many are asked for is anonymous this once.
_RENEWALS = 128

# The waiting room takes no share of the first tries while one worker is well.
_ONE_IN_A_THOUSAND = {"overprovisioning_factor": 100_000}


def clusters(upstream: Upstream, place: Place) -> Iterator[Data]:
    """Return the clusters of one service."""
    room = f"{WAITING}.{upstream.name}"
    workers = [_endpoint(target) for target in _targets(upstream, place)]
    several = len(upstream.targets) > 1
    direct = _cluster(
        upstream.name,
        [{"lb_endpoints": workers}, _room(upstream.name)],
        place.limits,
        several=several,
    )
    direct["load_assignment"]["policy"] = _ONE_IN_A_THOUSAND
    direct["metadata"] = {"filter_metadata": {TOKENS: dict(upstream.tokens)}}
    if several and upstream.alive:
        direct["health_checks"] = [_asking(place.limits)]
    yield direct
    yield _cluster(room, [{"lb_endpoints": workers}], place.limits, several=several)


def renewing(upstream: Upstream | None, place: Place) -> Iterator[Data]:
    """Return the clusters through which visitors' tokens are renewed.

    Args:
        upstream: The service that signs visitors in, if there is one that can be
            asked.
        place: Where the gateway is.
    """
    limits = place.limits
    room = {"lb_endpoints": [{"endpoint": {"address": _address_inside(ROOM)}}]}
    yield _cluster(ROOM, [room], limits, several=False)
    asked = upstream or Upstream(name=WORKERS, phase=Phase.STOPPED)
    several = len(asked.targets) > 1
    workers = [_endpoint(target) for target in _targets(asked, place)]
    data = _cluster(WORKERS, [{"lb_endpoints": workers}], limits, several=several)
    few = _thresholds(limits) | {"max_requests": _RENEWALS}
    data["circuit_breakers"] = {"thresholds": [few]}
    data["metadata"] = {"filter_metadata": {TOKENS: dict(asked.tokens)}}
    if several:
        data["health_checks"] = [_asking(limits)]
    yield data


def marks(number: int) -> list[Data]:
    """Return clusters that lead nowhere, in another count than one version before.

    A thread of Envoy says nothing of versions, but how many clusters it has.
    """
    return [
        {"name": f"glassware.mark.{index}", "type": "STATIC", "connect_timeout": "1s"}
        for index in range(number % 4)
    ]


def _cluster(
    name: str, endpoints: list[Data], limits: Limits, *, several: bool
) -> Data:
    data: Data = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": f"{limits.connect_time}s",
        "per_connection_buffer_limit_bytes": limits.window,
        "lb_policy": "LEAST_REQUEST",
        # A worker that hangs is left out now, not with the next one in a second.
        "common_lb_config": {"update_merge_window": "0s"},
        "circuit_breakers": {"thresholds": [_thresholds(limits)]},
        "typed_extension_protocol_options": _protocol(limits),
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }
    if several:
        data["outlier_detection"] = _outliers()
    return data


def _targets(upstream: Upstream, place: Place) -> tuple[Target, ...]:
    # A path where nobody listens: requests try again until a worker is there.
    return upstream.targets or (place.folder / "absent.sock",)


def _endpoint(target: Target) -> Data:
    if isinstance(target, Path):
        return {"endpoint": {"address": {"pipe": {"path": str(target)}}}}
    host, port = target
    address = {"socket_address": {"address": host, "port_value": port}}
    return {"endpoint": {"address": address}}


def _room(service: str) -> Data:
    endpoint = {
        "address": _address_inside(WAITING, service),
        "health_check_config": {"disable_active_health_check": True},
    }
    return {"priority": 1, "lb_endpoints": [{"endpoint": endpoint}]}


def _address_inside(listener: str, endpoint: str = "") -> Data:
    address = {"server_listener_name": listener, "endpoint_id": endpoint}
    return {"envoy_internal_address": address}


def _thresholds(limits: Limits) -> Data:
    return {
        "max_connections": limits.requests,
        "max_pending_requests": limits.requests,
        "max_requests": limits.requests,
        "max_retries": limits.requests,
    }


def _protocol(limits: Limits) -> Data:
    name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        name: {
            "@type": f"type.googleapis.com/{name}",
            "explicit_http_config": {"http_protocol_options": {}},
            "common_http_protocol_options": {
                "idle_timeout": f"{limits.upstream_idle}s",
                "max_headers_count": limits.answer_header_count,
                "max_response_headers_kb": limits.answer_header_size,
            },
        }
    }


def _outliers() -> Data:
    """Return how a worker that accepts nothing, or never answers, is left out.

    What a service answers is its own affair: a 500 ejects nobody.
    """
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 3,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": "2s",
        "max_ejection_time": "10s",
        "max_ejection_percent": 50,
    }


def _asking(limits: Limits) -> Data:
    """Return how workers are asked whether they live.

    Twice without an answer, and the others get its requests.
    """
    return {
        "timeout": f"{limits.alive_time}s",
        "interval": f"{limits.alive_pause}s",
        # Until the first visitor; it is also how long that is noticed late.
        "no_traffic_interval": f"{2 * limits.alive_pause}s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {
            "path": ALIVE,
            "host": "localhost",
            "expected_statuses": [{"start": 200, "end": 300}],
        },
    }
