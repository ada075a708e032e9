"""Services as clusters of Envoy, each with its workers inside.

Endpoints are part of the cluster, not a discovery of their own: Envoy spends
an inotify instance on each watched file, and a user has 128 of them. A
changed cluster takes the place of the old one; requests and WebSockets on
their way through the old one end undisturbed.
"""

from pathlib import Path
from typing import Any

from .limits import Limits
from .state import Place, Target, Upstream


Data = dict[str, Any]


def cluster(upstream: Upstream, place: Place) -> Data:
    """Return the cluster of one service."""
    limits = place.limits
    # A path where nobody listens: requests try again until a worker is there.
    targets = upstream.targets or (place.folder / "absent.sock",)
    data: Data = {
        "name": upstream.name,
        "type": "STATIC",
        "connect_timeout": f"{limits.connect_time}s",
        "per_connection_buffer_limit_bytes": limits.window,
        "lb_policy": "LEAST_REQUEST",
        "circuit_breakers": {"thresholds": [_thresholds(limits)]},
        "typed_extension_protocol_options": _protocol(limits),
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{"lb_endpoints": [_endpoint(target) for target in targets]}],
        },
    }
    if len(targets) > 1:
        data["outlier_detection"] = _outliers()
    return data


def marks(number: int) -> list[Data]:
    """Return clusters that lead nowhere, in another count than one version before.

    A thread of Envoy says nothing of versions, but how many clusters it has.
    """
    return [
        {"name": f"glassware.mark.{index}", "type": "STATIC", "connect_timeout": "1s"}
        for index in range(number % 4)
    ]


def _endpoint(target: Target) -> Data:
    if isinstance(target, Path):
        return {"endpoint": {"address": {"pipe": {"path": str(target)}}}}
    host, port = target
    address = {"socket_address": {"address": host, "port_value": port}}
    return {"endpoint": {"address": address}}


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
    """Return how a worker that accepts nothing is left out for a while.

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
