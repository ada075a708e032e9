"""What the gateway knows of visitors' tokens: whose signature, and in which cookies.

Envoy's filter reads the token from its cookie and verifies it. It lets every
request pass, whatever it finds, and notes why a token did not count: services
verify for themselves, and an expired one is to be renewed.
"""

import json
from typing import Any

from glassware.visitors import (
    RENEWAL_COOKIE,
    VISITOR_COOKIE,
    Visiting,
    issuer_of,
    names_of,
)


Data = dict[str, Any]

FILTER = "envoy.filters.http.jwt_authn"
FAILURE = "failure"
"""Of the filter's metadata: why a token did not count."""

EXPIRED = 3.0
"""The code of `Jwt is expired`, which Envoy finds out before it looks at the signature."""

COOKIES = (*names_of(VISITOR_COOKIE), *names_of(RENEWAL_COOKIE))
"""All cookies that say who visits, over TLS and without."""

_KIND = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3"
JWT_TYPE = f"{_KIND}.JwtAuthentication"

# Seconds; Envoy takes 0 for its own 60.
_SKEW = 1
_REMEMBERED = 1000


def key_set(visiting: Visiting) -> str:
    """Return the public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    keys = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": name,
            "x": public,
        }
        for name, public in visiting.keys.items()
    ]
    return json.dumps({"keys": keys}, indent=1) + "\n"


def verification(visiting: Visiting, *, secure: bool) -> Data:
    """Return what the filter is told; where nobody signs visitors in, nothing.

    Args:
        visiting: How visitors are known.
        secure: Whether the site is visited over https. A cookie of another name may
            be anybody's, and a token in it must not hide the one that counts.
    """
    if not visiting.sign_in or not visiting.keys:
        return {"@type": JWT_TYPE}
    provider = {
        "issuer": issuer_of(visiting.site),
        "audiences": ["visitor"],
        "local_jwks": {"inline_string": key_set(visiting)},
        "from_cookies": [visiting.cookie(VISITOR_COOKIE, secure=secure)],
        "forward": True,
        "failed_status_in_metadata": FAILURE,
        "clock_skew_seconds": _SKEW,
        "jwt_cache_config": {"jwt_cache_size": _REMEMBERED},
    }
    either = [{"provider_name": "visitor"}, {"allow_missing_or_failed": {}}]
    return {
        "@type": JWT_TYPE,
        "providers": {"visitor": provider},
        "rules": [
            {
                "match": {"prefix": "/"},
                "requires": {"requires_any": {"requirements": either}},
            }
        ],
    }


def discovered(source: Data) -> Data:
    """Return how the filter learns what it is told, without a new listener.

    Args:
        source: Where it is.
    """
    return {
        "config_source": source,
        "type_urls": [JWT_TYPE],
        "default_config": {"@type": JWT_TYPE},
    }
