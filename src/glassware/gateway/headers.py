"""Which headers from outside are believed: none that speak of the way here.

What a proxy could have said is removed before anything reads it and set anew
from what the gateway itself sees. W3C `traceparent`, `tracestate` and
`baggage` may come from outside: they name a trace, and grant nothing.
"""

from typing import Any


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

# Where underscores are allowed, a worker may read them as hyphens.
_REMOVED_WITH_UNDERSCORES = (
    r"(?i)(x[-_](forwarded|glassware|envoy|accel|original|rewrite|real|sendfile)"
    r"[-_].*|forwarded|proxy|(remote|x[-_]remote)[-_]user|(x[-_])?script[-_]name"
    r"|path[-_]info|x[-_]http[-_]method([-_]override)?|x[-_]request[-_]id)"
)


def scrubbing(*, underscores: bool = False) -> list[Data]:
    """Return the early mutation that removes what nobody outside may say.

    Args:
        underscores: Whether names with underscores get this far.
    """
    matchers: list[Data] = (
        [_expression(_REMOVED_WITH_UNDERSCORES)]
        if underscores
        else [
            *({"prefix": prefix, "ignore_case": True} for prefix in REMOVED_PREFIXES),
            *({"exact": name, "ignore_case": True} for name in REMOVED),
        ]
    )
    kind = "type.googleapis.com/envoy.extensions.http.early_header_mutation"
    return [
        {
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": f"{kind}.header_mutation.v3.HeaderMutation",
                "mutations": [
                    {"remove_on_match": {"key_matcher": matcher}}
                    for matcher in matchers
                ],
            },
        }
    ]


def forwarded() -> list[Data]:
    """Return what each request is told of the way it came.

    `x-forwarded-proto` is Envoy's own doing. It would be of `x-forwarded-for`
    too, but to a peer on this machine Envoy gives some other address.
    """
    return [
        overwrite("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
        overwrite("x-forwarded-host", "%REQ(:AUTHORITY)%"),
        overwrite("x-forwarded-port", "%DOWNSTREAM_LOCAL_PORT%"),
    ]


def overwrite(name: str, value: str) -> Data:
    """Return a header that takes the place of any other of its name."""
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def _expression(text: str) -> Data:
    return {"safe_regex": {"regex": text}}
