"""Which headers from outside are believed: none that speak of the way here.

What a proxy could have said is removed before anything reads it and set anew
from what the gateway itself sees. W3C `traceparent`, `tracestate` and
`baggage` may come from outside: they name a trace, and grant nothing.
"""

from typing import Any

from glassware import protocol
from glassware.tokens import SITE

from .patterns import others_than


Data = dict[str, Any]

REMOVED_PREFIXES = (
    "x-forwarded-",
    "x-glassware-",
    "x-envoy-",
    "x-accel-",
    "x-original-",
    "x-rewrite-",
    "x-real-",
    "x-sendfile-",
)
REMOVED = (
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "forwarded-for",
    "front-end-https",
    "proxy",
    "remote-user",
    "script-name",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
    "x-http-host-override",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-proxy-url",
    "x-proxyuser-ip",
    "x-remote-addr",
    "x-remote-user",
    "x-request-id",
    "x-request-start",
    "x-scheme",
    "x-script-name",
    "x-url-scheme",
)

# Envoy's own remarks, which are no business of a service.
UNSAID = ["x-envoy-internal", "x-envoy-external-address"]

# Who may say these is decided by a key, or by nobody but the gateway.
_CLAIMS = (protocol.IDENTITY, protocol.TRACE, protocol.FAILURE, protocol.REFUSED)

# What the site says to itself; no answer that leaves it has any of these.
KEPT_INSIDE = [
    name.lower()
    for name in (
        *_CLAIMS,
        protocol.DEADLINE,
        protocol.VIA,
        protocol.RETRY,
        protocol.VISITOR,
        protocol.FRAGMENT,
    )
]

# Of a cluster's metadata: the tokens for its service, by caller.
TOKENS = "glassware"

# Where underscores are allowed, a worker may read them as hyphens.
_REMOVED_WITH_UNDERSCORES = (
    r"(?i)(x[-_](forwarded|envoy|accel|original|rewrite|real|sendfile)"
    r"[-_].*|forwarded|proxy|(remote|x[-_]remote)[-_]user|(x[-_])?script[-_]name"
    r"|path[-_]info|x[-_]http[-_]method([-_]override)?|x[-_]request[-_]id)"
)
# A visitor's token proves itself, so it passes; but under one spelling only.
_OURS = r"(?i)x_glassware[-_].*|x-glassware_.*|x-glassware-" + others_than(
    protocol.VISITOR.removeprefix(protocol.OURS)
)
_CLAIMED = rf"(?i)x_glassware[-_].*|x-glassware_.*|{'|'.join(_CLAIMS)}"


def scrubbing() -> list[Data]:
    """Return the early mutation that removes what nobody outside may say."""
    return _removing(
        *({"prefix": prefix, "ignore_case": True} for prefix in REMOVED_PREFIXES),
        *({"exact": name, "ignore_case": True} for name in REMOVED),
    )


def scrubbing_inside(*, calls: bool = False) -> list[Data]:
    """Return the same for the site's own programs, whose names may have underscores.

    Args:
        calls: Whether they may say how long they wait and by whom they were
            called. It grants nothing; who they are is never theirs to say.
    """
    return _removing(
        _expression(_REMOVED_WITH_UNDERSCORES),
        _expression(_CLAIMED if calls else _OURS),
    )


def inserted(header: Data) -> list[Data]:
    """Return the early mutation that adds a header before a route is chosen."""
    return _mutation([{"append": header}])


def _removing(*matchers: Data) -> list[Data]:
    return _mutation(
        [{"remove_on_match": {"key_matcher": matcher}} for matcher in matchers]
    )


def _mutation(mutations: list[Data]) -> list[Data]:
    kind = "type.googleapis.com/envoy.extensions.http.early_header_mutation"
    return [
        {
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": f"{kind}.header_mutation.v3.HeaderMutation",
                "mutations": mutations,
            },
        }
    ]


def forwarded(port: str = "%DOWNSTREAM_LOCAL_PORT%") -> list[Data]:
    """Return what each request is told of the way it came.

    `x-forwarded-proto` is Envoy's own doing. It would be of `x-forwarded-for`
    too, but to a peer on this machine Envoy gives some other address.
    """
    return [
        overwrite("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
        overwrite("x-forwarded-host", "%REQ(:AUTHORITY)%"),
        overwrite("x-forwarded-port", port),
    ]


def identity(caller: str = SITE) -> Data:
    """Return the header that proves who calls.

    The token is the cluster's, and changes with it: no listener and no route
    is made anew because a token is, and no WebSocket is closed.
    """
    return overwrite(protocol.IDENTITY, f"%CLUSTER_METADATA({TOKENS}:{caller})%")


def deadline(seconds: float) -> Data:
    """Return the header that says how long an answer may take.

    It also says how long the request's body took to arrive, which is no time
    of the service's.
    """
    began = "%START_TIME(%s.%3f)%;%REQUEST_DURATION%"
    return overwrite(protocol.DEADLINE, f"{int(seconds * 1000)};{began}")


def overwrite(name: str, value: str) -> Data:
    """Return a header that takes the place of any other of its name."""
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _expression(text: str) -> Data:
    return {"safe_regex": {"regex": text}}
