"""Whose scripts may read the answers of a route: CORS, said once for the site.

On a route with `cors` the gateway answers preflights and says who may read;
what the service itself says of it is removed, so that nothing is said twice.
"""

from typing import Any

from .origins import allowed_origins, checked, own_origins
from .routes import Line
from .state import Place


Data = dict[str, Any]

FILTER = "glassware.cors"

SAID = [
    f"access-control-{name}"
    for name in (
        "allow-credentials",
        "allow-headers",
        "allow-methods",
        "allow-origin",
        "allow-private-network",
        "expose-headers",
        "max-age",
    )
]
"""The headers of answers that only the gateway writes, where it writes them."""

_CORS = "type.googleapis.com/envoy.extensions.filters.http.cors.v3"
_VARY: Data = {
    "header": {"key": "vary", "value": "Origin"},
    "append_action": "APPEND_IF_EXISTS_OR_ADD",
}


def cors_filter() -> Data:
    """Return the filter of the listener; routes say what it does."""
    return {"name": FILTER, "typed_config": {"@type": f"{_CORS}.Cors"}}


def shared(place: Place, line: Line) -> Data:
    """Return what the filters are told on a route with `cors`."""
    cors = place.plan.cors
    expressions = filter(None, (own_origins(place), allowed_origins(place)))
    policy = {
        "@type": f"{_CORS}.CorsPolicy",
        "allow_origin_string_match": [
            {"safe_regex": {"regex": expression}} for expression in expressions
        ],
        "allow_methods": ", ".join(cors.methods),
        "allow_headers": ", ".join(cors.headers),
        "expose_headers": ", ".join(cors.expose),
        "max_age": str(cors.max_age),
        "allow_credentials": cors.credentials,
        "forward_not_matching_preflights": False,
    }
    return {FILTER: policy, **checked(place, line)}


def answers(route: Data) -> Data:
    """Return a route with what it does to the headers of answers."""
    return {
        **route,
        "response_headers_to_remove": [
            *route.get("response_headers_to_remove", []),
            *SAID,
        ],
        "response_headers_to_add": [*route.get("response_headers_to_add", []), _VARY],
    }
