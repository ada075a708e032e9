"""Where Envoy listens: the public listener, and one for each plain TCP address.

The public listener is part of the bootstrap and never changes, so no
WebSocket is ever closed by an update; addresses come and go beside it.
"""

from typing import Any

from . import notices
from .headers import UNSAID, forwarded, scrubbing
from .limits import Limits
from .retries import BUFFER, inside
from .routes import LOOPBACK
from .state import Place, Upstream


Data = dict[str, Any]

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"


def public(place: Place, routes: Data) -> Data:
    """Return the public listener.

    Args:
        place: Where it listens.
        routes: `rds` or `route_config`, as a field of the connection manager.
    """
    limits = place.limits
    manager = {
        **_manager("public", limits),
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
        "http_filters": [_buffer(limits), _router()],
        "upgrade_configs": [{"upgrade_type": "websocket", "filters": [_router()]}],
        "local_reply_config": notices.replies(place),
    }
    return _listener("public", (place.plan.bind, place.port), manager, limits)


def address(upstream: Upstream, at: tuple[str, int], place: Place) -> Data:
    """Return the listener of a service's own TCP address.

    It is for the site's own programs: every path of the service, unchanged,
    but no host name that a foreign page could make a browser send.
    """
    limits = place.limits
    names = (at[0], *LOOPBACK, upstream.name, *upstream.names, *place.plan.hosts)
    site = {
        "name": upstream.name,
        "domains": list(dict.fromkeys(name.lower() for name in names)),
        "routes": list(inside(upstream.name, limits)),
    }
    manager = {
        **_manager(f"address.{upstream.name}", limits),
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "early_header_mutation_extensions": scrubbing(underscores=True),
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": at[0],
        },
        "common_http_protocol_options": {
            "max_headers_count": limits.answer_header_count,
            "idle_timeout": f"{limits.socket_silence}s",
        },
        "http_filters": [_router()],
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": notices.replies(place),
        "route_config": {
            "name": upstream.name,
            "ignore_port_in_host_matching": True,
            "request_headers_to_add": forwarded(),
            "request_headers_to_remove": UNSAID,
            "virtual_hosts": [site],
        },
    }
    return _listener(f"address.{upstream.name}", at, manager, limits)


def _manager(name: str, limits: Limits) -> Data:
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


def _listener(name: str, at: tuple[str, int], manager: Data, limits: Limits) -> Data:
    host, port = at
    return {
        "name": name,
        "address": {"socket_address": {"address": host, "port_value": port}},
        # Two gateways on one port would share it without any error.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": limits.window,
        "filter_chains": [
            {"filters": [{"name": _CONNECTION_MANAGER, "typed_config": manager}]}
        ],
    }


def _buffer(limits: Limits) -> Data:
    config = {"@type": f"{_HTTP}.buffer.v3.Buffer", "max_request_bytes": limits.body}
    return {"name": BUFFER, "typed_config": config}


def _router() -> Data:
    config = {"@type": f"{_HTTP}.router.v3.Router", "suppress_envoy_headers": True}
    return {"name": "envoy.filters.http.router", "typed_config": config}
