"""Which requests are refused because a page of another site sent them.

Envoy's own filter against forgery refuses programs that send no `Origin`, and
knows neither WebSockets nor `Sec-Fetch-Site`; so this is a policy of its RBAC
filter. It is looked at once for each request, however many routes there are,
and comes with the routes: the listener, which never changes, has it empty.
"""

import re
from typing import Any

from .routes import Line, every_host
from .state import Place


Data = dict[str, Any]

FILTER = "glassware.csrf"

_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3"
_SAFE = "GET|HEAD|OPTIONS|TRACE"
_SITE = "sec-fetch-site"

# A page of this site that another program shows at another port, as a tunnel
# or a container does; or one with `Referrer-Policy: no-referrer`, whose forms have
# the origin `null`. No script can set a header that begins with `Sec-`.
_SAME: Data = {"header": {"name": _SITE, "string_match": {"exact": "same-origin"}}}


def csrf_filter() -> Data:
    """Return the filter of the listener; it refuses nothing by itself."""
    return {"name": FILTER, "typed_config": {"@type": f"{_RBAC}.RBAC"}}


def refused() -> Data:
    """Return the filter of answers by which one of these refusals is known."""
    kind = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3"
    said = {
        "@type": f"{kind}.ExpressionFilter",
        "expression": "response.code_details == "
        "'rbac_access_denied_matched_policy[foreign]'",
    }
    return {"extension_filter": {"name": FILTER, "typed_config": said}}


def remarks() -> Data:
    """Return the log in which each refusal is one line."""
    kind = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3"
    line = (
        "refused %REQ(:METHOD)% %REQ(:AUTHORITY)%%PATH(NQ)%: sent by a page of "
        "another site (Origin: %REQ(ORIGIN)%, Sec-Fetch-Site: %REQ(SEC-FETCH-SITE)%)\n"
    )
    config = {
        "@type": f"{kind}.StderrAccessLog",
        "log_format": {"text_format_source": {"inline_string": line}},
    }
    return {"name": "glassware.csrf", "filter": refused(), "typed_config": config}


def unchecked() -> Data:
    """Return what a route says that takes requests from everywhere."""
    return {FILTER: {"@type": f"{_RBAC}.RBACPerRoute"}}


def checked(place: Place, line: Line | None = None) -> Data:
    """Return what is refused: everywhere, or on a route that others may use.

    Args:
        place: Its hosts, ports and scheme make the site's own origins.
        line: A route with `cors`.
    """
    origin = {"header": {"name": "origin", "present_match": True}}
    hidden = f"{_hosts(place)}|null"
    own = _any(_origin(own_origins(place)), _all(_origin(hidden), _SAME))
    strangers = _all(origin, _not(own))
    if line is not None and (allowed := allowed_origins(place)):
        stranger = _not(_origin(allowed))
        if not place.plan.cors.credentials:
            # What they may send has none, so this is a form.
            cookie = {"header": {"name": "cookie", "present_match": True}}
            stranger = _any(stranger, cookie)
        strangers = _all(strangers, stranger)
    unsaid = _all(_not(origin), _header(_SITE, "cross-site|same-site"))
    foreign = _all(_changing(), _any(strangers, unsaid))
    policy = {"permissions": [foreign], "principals": [{"any": True}]}
    rules = {"action": "DENY", "policies": {"foreign": policy}}
    return {FILTER: {"@type": f"{_RBAC}.RBACPerRoute", "rbac": {"rules": rules}}}


def own_origins(place: Place) -> str:
    """Return the expression of the origins that are this site's.

    Over http the scheme is not looked at: a proxy before the gateway may have
    added TLS. Over https it is, because anybody on the way can write a page of http.
    """
    scheme = "https" if place.secure else "https?"
    return f"{scheme}://({_names(place)})(:{place.port})?"


def allowed_origins(place: Place) -> str:
    """Return the expression of the other origins that `[gateway.cors]` allows."""
    return "|".join(map(_allowed, place.plan.cors.origins))


def _hosts(place: Place) -> str:
    return f"https?://({_names(place)})(:[0-9]+)?"


def _names(place: Place) -> str:
    names = every_host(place.plan, production=place.production)
    return "|".join(re.escape(name) for name in names)


def _allowed(origin: str) -> str:
    if origin == "*":
        return ".+"
    scheme, _, host = origin.lower().partition("://")
    label = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\."
    start = label if host.startswith("*.") else ""
    return f"{scheme}://{start}{re.escape(host.removeprefix('*.'))}"


def _changing() -> Data:
    """Return what may change something: unsafe methods, and what begins a WebSocket."""
    upgrade = {"header": {"name": "upgrade", "present_match": True}}
    return _any(_not(_header(":method", _SAFE)), upgrade)


def _origin(expression: str) -> Data:
    return _header("origin", expression)


def _header(name: str, expression: str) -> Data:
    match = {"safe_regex": {"regex": expression}}
    return {"header": {"name": name, "string_match": match}}


def _any(*rules: Data) -> Data:
    return {"or_rules": {"rules": list(rules)}}


def _all(*rules: Data) -> Data:
    return {"and_rules": {"rules": list(rules)}}


def _not(rule: Data) -> Data:
    return {"not_rule": rule}
