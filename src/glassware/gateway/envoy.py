"""Envoy's configuration, as data: what it starts with, and what changes.

Routes, clusters, the listeners beside the public one, and what verifies visitors'
tokens each live in one file that Envoy watches. Nothing here is ever text before `json.dumps`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from glassware.visitors import Visiting

from .addresses import addresses
from .clusters import clusters, renewing
from .jwt import discovered, verification
from .listeners import public, redirecting
from .renewal import asking, courtesy, renewal_room
from .state import Place, Upstream
from .virtual_hosts import route_configuration
from .waiting import waiting_room


Data = dict[str, Any]

NOBODY = Visiting()
"""Nobody signs visitors in."""

VISITORS = "visitors"

KINDS = ("clusters", "listeners", "routes", "visitors")

_TYPES = {
    "clusters": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "listeners": "type.googleapis.com/envoy.config.listener.v3.Listener",
    "routes": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "visitors": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
}


def bootstrap(place: Place) -> Data:
    """Return what Envoy is started with."""
    routes = {"rds": {"route_config_name": "public", "config_source": _file(place, 2)}}
    verifying = {"name": VISITORS, "config_discovery": discovered(_file(place, 3))}
    return {
        **_common(place),
        "static_resources": {"listeners": _lasting(place, routes, verifying)},
        "dynamic_resources": {
            "cds_config": _file(place, 0),
            "lds_config": _file(place, 1),
        },
    }


def complete(
    place: Place, upstreams: Iterable[Upstream], visiting: Visiting = NOBODY
) -> Data:
    """Return the whole of the configuration as one bootstrap, for `--mode validate`.

    Envoy validates no file that it discovers, so nothing is discovered here.
    """
    parts = resources(place, upstreams, visiting)
    routes = {"route_config": parts["routes"][0]}
    listeners = [*_lasting(place, routes, parts["visitors"][0]), *parts["listeners"]]
    return {
        **_common(place),
        "static_resources": {"listeners": listeners, "clusters": parts["clusters"]},
    }


def resources(
    place: Place, upstreams: Iterable[Upstream], visiting: Visiting = NOBODY
) -> dict[str, list[Data]]:
    """Return the resources of each kind, as the services stand now."""
    by_name = {upstream.name: upstream for upstream in upstreams}
    public_services = {public.service for public in place.plan.routes}
    reached = [
        upstream
        for upstream in by_name.values()
        if upstream.name in public_services or upstream.address or upstream.pairs
    ]
    renewer = by_name.get(visiting.service)
    if renewer is not None and not renewer.alive:
        # What is no worker of glassware cannot be asked.
        renewer = None
    verifying = verification(visiting, secure=place.secure)
    return {
        "clusters": [
            *(part for u in reached for part in clusters(u, place)),
            *renewing(renewer, place),
        ],
        "listeners": [part for u in reached for part in addresses(u, place)],
        "routes": [route_configuration(place, by_name)],
        "visitors": [{"name": VISITORS, "typed_config": verifying}],
    }


def discovery(kind: str, parts: list[Data], number: int) -> Data:
    """Return the content of the file for one kind.

    Args:
        kind: One of `KINDS`.
        parts: Its resources.
        number: Of this version, counted up with each change.
    """
    return {
        "version_info": str(number),
        "type_url": _TYPES[kind],
        "resources": [{"@type": _TYPES[kind], **part} for part in parts],
    }


def _lasting(place: Place, routes: Data, verifying: Data) -> list[Data]:
    """Return the listeners that never change."""
    visitors = [verifying, courtesy(), asking(place.limits)]
    second = [redirecting(place, place.redirect)] if place.redirect else []
    return [
        public(place, routes, visitors),
        *second,
        waiting_room(place),
        renewal_room(place),
    ]


def _common(place: Place) -> Data:
    return {
        "node": {"id": place.site or "site", "cluster": "glassware"},
        "admin": {"address": {"pipe": {"path": str(place.admin), "mode": 0o600}}},
        "layered_runtime": {
            "layers": [{"name": "glassware", "static_layer": dict(_RUNTIME)}]
        },
        "overload_manager": _overload(place),
        "bootstrap_extensions": [_internal_listeners()],
    }


_RUNTIME: Mapping[str, bool | int] = {
    "envoy.reloadable_features.strict_chunk_parsing": True,
    # One connection of HTTP/2 cannot keep a thread busy with its flood alone.
    "http.max_requests_per_io_cycle": 1,
    # Envoy's own 100 is too small for a pattern of a few words.
    "re2.max_program_size.error_level": 20_000,
    "re2.max_program_size.warn_level": 20_000,
}


def _file(place: Place, kind: int) -> Data:
    path = str(place.resource(KINDS[kind]))
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def _internal_listeners() -> Data:
    kind = "envoy.extensions.bootstrap.internal_listener.v3.InternalListener"
    return {
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {"@type": f"type.googleapis.com/{kind}"},
    }


def _overload(place: Place) -> Data:
    kind = "type.googleapis.com/envoy.extensions.resource_monitors"
    connections = {
        "@type": f"{kind}.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": place.limits.connections,
    }
    heap = {
        "@type": f"{kind}.fixed_heap.v3.FixedHeapConfig",
        "max_heap_size_bytes": place.limits.memory,
    }
    full = {"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": 0.95}}
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": connections,
            },
            {"name": "envoy.resource_monitors.fixed_heap", "typed_config": heap},
        ],
        "actions": [
            {
                "name": "envoy.overload_actions.stop_accepting_requests",
                "triggers": [full],
            }
        ],
    }
