"""The waiting room: where a request goes whose first try came to nothing.

Envoy counts the tries of a request, but not why they failed. Waiting for a
worker takes many, and a request that broke its worker must not be sent many
times. So there are two places to try at. The first sends a request on once
more at most, for whatever reason, and the second time to the waiting room: a
listener inside Envoy, without a socket. From there it is tried patiently for
as long as nothing has reached a worker, and never again afterwards.
"""

from typing import Any

from . import notices
from .clusters import WAITING
from .headers import UNSAID, inserted, overwrite
from .limits import Limits
from .listeners import inside, manager, router
from .retries import patience
from .state import Place


Data = dict[str, Any]

# Each service has an endpoint of its own here, so nobody has to say which it is.
_FROM = "x-glassware-waiting"
_CLUSTER = f"{WAITING}.%DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID%"

_DYING = "0.03s"


def waiting_room(place: Place) -> Data:
    """Return the listener in which requests wait; it is part of the bootstrap."""
    limits = place.limits
    config = {
        **manager(WAITING, limits),
        **_unlimited(limits),
        "early_header_mutation_extensions": inserted(overwrite(_FROM, _CLUSTER)),
        "http_filters": [_pause(), router()],
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": notices.replies(place),
        "route_config": {
            "name": WAITING,
            "request_headers_to_remove": [_FROM, *UNSAID],
            "virtual_hosts": [
                {
                    "name": WAITING,
                    "domains": ["*"],
                    "request_body_buffer_limit": _held(place),
                    "routes": [_route(limits)],
                }
            ],
        },
    }
    return inside(WAITING, config, limits)


def _pause() -> Data:
    """Return what makes each request wait a moment before it is tried again.

    A process that is killed loses its connections one after another, and takes
    new ones until its listener is closed too: what is sent then is lost.
    """
    every = {"numerator": 100, "denominator": "HUNDRED"}
    return {
        "name": "envoy.filters.http.fault",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3"
            ".HTTPFault",
            "delay": {"fixed_delay": _DYING, "percentage": every},
        },
    }


def _route(limits: Limits) -> Data:
    return {
        "match": {"prefix": "/"},
        "route": {
            "cluster_header": _FROM,
            "timeout": "0s",
            "idle_timeout": "0s",
            "retry_policy": patience(limits),
        },
    }


def _unlimited(limits: Limits) -> Data:
    """Return what was looked at, set and bounded where the request came in."""
    return {
        "use_remote_address": False,
        "generate_request_id": False,
        "max_request_headers_kb": 2 * limits.header_size,
        "request_headers_timeout": "0s",
        "stream_idle_timeout": "0s",
        "common_http_protocol_options": {
            "max_headers_count": 2 * limits.answer_header_count
        },
    }


def _held(place: Place) -> int:
    """Return how much of a body is kept to be sent again: all of the largest."""
    routes = [public.route for public in place.plan.routes]
    bodies = [route.max_body for route in routes if not route.stream]
    return max(place.limits.body, *bodies) if bodies else place.limits.body
