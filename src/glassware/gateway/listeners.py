"""Where Envoy listens for visitors, and what all its listeners have in common.

The public listener is part of the bootstrap and never changes, so no
WebSocket is ever closed by an update; others come and go beside it.
"""

from typing import Any

from . import notices
from .cors import cors_filter
from .headers import scrubbing
from .limits import Limits
from .origins import csrf_filter, remarks
from .retries import BUFFER
from .state import Place
from .tls import http2, inspector, redirection, scheme, transport


Data = dict[str, Any]

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
HTTP = "type.googleapis.com/envoy.extensions.filters.http"
CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"


def public(place: Place, routes: Data, visitors: list[Data]) -> Data:
    """Return the public listener.

    Args:
        place: Where it listens.
        routes: `rds` or `route_config`, as a field of the connection manager.
        visitors: The filters that see to the visitors' tokens.
    """
    limits = place.limits
    elsewhere = place.secure and not place.terminates
    before = [*([scheme()] if elsewhere else []), cors_filter(), csrf_filter()]
    config = {
        **manager("public", limits),
        **_http2(place),
        **routes,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "normalize_path": True,
        "merge_slashes": True,
        "early_header_mutation_extensions": scrubbing(),
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": (*place.plan.hosts, "localhost")[0],
        },
        "common_http_protocol_options": {
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": limits.header_count,
            "idle_timeout": f"{limits.connection_idle}s",
        },
        "http_filters": [*before, *visitors, _buffer(limits), router()],
        "upgrade_configs": [
            {"upgrade_type": "websocket", "filters": [*before, *visitors, router()]}
        ],
        "local_reply_config": notices.replies(place),
        "access_log": [remarks()],
    }
    made = listener("public", (place.plan.bind, place.port), config, limits)
    return _with_tls(made, place) if place.terminates else made


def redirecting(place: Place, port: int) -> Data:
    """Return the listener of a second port, which leads to https."""
    at = (place.plan.bind, port)
    return listener("redirect", at, _redirect(place), place.limits)


def _with_tls(made: Data, place: Place) -> Data:
    """Return the public listener with TLS, and a word for those who come without."""
    [chain] = made["filter_chains"]
    slow = f"{place.limits.header_time}s"
    encrypted = {
        **chain,
        "filter_chain_match": {"transport_protocol": "tls"},
        "transport_socket": transport(place),
        "transport_socket_connect_timeout": slow,
    }
    plain = {
        "filter_chain_match": {"transport_protocol": "raw_buffer"},
        "filters": [{"name": CONNECTION_MANAGER, "typed_config": _redirect(place)}],
    }
    return {
        **made,
        "listener_filters": [inspector()],
        "listener_filters_timeout": slow,
        "filter_chains": [encrypted, plain],
    }


def _redirect(place: Place) -> Data:
    limits = place.limits
    return {
        **manager("redirect", limits),
        "common_http_protocol_options": {
            "max_headers_count": limits.header_count,
            "idle_timeout": f"{limits.connection_idle}s",
        },
        "http_filters": [router()],
        "route_config": redirection(place),
    }


def _http2(place: Place) -> Data:
    """Return what HTTP/2 is told; only TLS can say beforehand that it is spoken."""
    if not place.terminates:
        return {}
    return {"codec_type": "AUTO", "http2_protocol_options": http2(place.limits)}


def manager(name: str, limits: Limits) -> Data:
    """Return what the connection managers of all listeners are told."""
    return {
        "@type": f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "codec_type": "HTTP1",
        "use_remote_address": True,
        "skip_xff_append": True,
        "internal_address_config": {"cidr_ranges": []},
        "server_header_transformation": "PASS_THROUGH",
        "max_request_headers_kb": limits.header_size,
        "request_headers_timeout": f"{limits.header_time}s",
        "stream_idle_timeout": f"{limits.silence}s",
        "delayed_close_timeout": "1s",
        # Over HTTP/1 nobody is told of a drain: it only defers the close.
        "drain_timeout": "0.1s",
    }


def listener(name: str, at: tuple[str, int], config: Data, limits: Limits) -> Data:
    """Return a listener at an address, with its connection manager."""
    host, port = at
    return {
        "name": name,
        "address": {"socket_address": {"address": host, "port_value": port}},
        # Two gateways on one port would share it without any error.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": limits.window,
        "filter_chains": [
            {"filters": [{"name": CONNECTION_MANAGER, "typed_config": config}]}
        ],
    }


def inside(name: str, config: Data, limits: Limits) -> Data:
    """Return a listener without a socket, for what goes round within Envoy."""
    return {
        "name": name,
        "internal_listener": {},
        "ignore_global_conn_limit": True,
        "per_connection_buffer_limit_bytes": limits.window,
        "filter_chains": [
            {"filters": [{"name": CONNECTION_MANAGER, "typed_config": config}]}
        ],
    }


def _buffer(limits: Limits) -> Data:
    config = {"@type": f"{HTTP}.buffer.v3.Buffer", "max_request_bytes": limits.body}
    return {"name": BUFFER, "typed_config": config}


def router() -> Data:
    """Return the last filter of each listener."""
    config = {"@type": f"{HTTP}.router.v3.Router", "suppress_envoy_headers": True}
    return {"name": "envoy.filters.http.router", "typed_config": config}
