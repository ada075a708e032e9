"""Where Envoy listens for the site's own programs.

They reach every path of a service, unchanged, but by no host name that a
foreign page could make a browser send, and such a page cannot change anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glassware.protocol import VIA

from . import notices
from .headers import (
    KEPT_INSIDE,
    UNSAID,
    forwarded,
    identity,
    overwrite,
    scrubbing_inside,
)
from .listeners import listener, manager, router
from .retries import Way, leads
from .state import LOOPBACK, Place, Upstream


Data = dict[str, Any]

# A browser that posts for a foreign page says so itself (Fetch Metadata).
_FOREIGN: Data = {
    "match": {
        "prefix": "/",
        "headers": [
            {"name": "sec-fetch-site", "string_match": {"exact": "cross-site"}},
            {
                "name": ":method",
                "string_match": {"safe_regex": {"regex": "GET|HEAD|OPTIONS"}},
                "invert_match": True,
            },
        ],
    },
    "direct_response": {
        "status": 403,
        "body": {"inline_string": "this address is not for pages of other sites\n"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """One listener: its name, where it is, and what it makes of a request."""

    name: str
    at: tuple[str, int]
    way: Way
    told: list[Data]
    scrubbing: list[Data]


def addresses(upstream: Upstream, place: Place) -> Iterator[Data]:
    """Return the listeners at which programs of the site reach one service.

    At its own address nobody knows who calls, nor how long they are willing to
    wait. At that of a pair, whoever comes counts as that caller.
    """
    if upstream.address is not None:
        door = _Door(
            name=f"address.{upstream.name}",
            at=upstream.address,
            way=Way(service=upstream.name, timeout=None),
            told=[identity()],
            scrubbing=scrubbing_inside(calls=True),
        )
        yield _listener(door, upstream, place)
    for pair in upstream.pairs:
        door = _Door(
            name=f"pair.{pair.caller}.{upstream.name}",
            at=pair.address,
            way=Way(service=upstream.name, timeout=pair.timeout),
            told=[identity(pair.caller), overwrite(VIA, pair.caller)],
            scrubbing=scrubbing_inside(),
        )
        yield _listener(door, upstream, place)


def _listener(door: _Door, upstream: Upstream, place: Place) -> Data:
    limits, host = place.limits, door.at[0]
    names = (host, *LOOPBACK, upstream.name, *upstream.names, *place.plan.hosts)
    site = {
        "name": upstream.name,
        "domains": list(dict.fromkeys(name.lower() for name in names)),
        "routes": [
            _FOREIGN,
            *(
                {**route, "match": {"prefix": "/", **route["match"]}}
                for route in leads(door.way, limits)
            ),
        ],
    }
    config = {
        **manager(door.name, limits),
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "early_header_mutation_extensions": door.scrubbing,
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": host,
        },
        "common_http_protocol_options": {
            "max_headers_count": limits.answer_header_count,
            "idle_timeout": f"{limits.socket_silence}s",
        },
        "http_filters": [router()],
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": notices.replies(place),
        "route_config": {
            "name": upstream.name,
            "ignore_port_in_host_matching": True,
            "request_headers_to_add": [*forwarded(), *door.told],
            "request_headers_to_remove": UNSAID,
            "response_headers_to_remove": KEPT_INSIDE,
            "virtual_hosts": [site],
        },
    }
    return listener(door.name, door.at, config, limits)
