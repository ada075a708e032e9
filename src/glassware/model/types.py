"""What a value in a manifest may be, wherever it stands."""

from typing import Annotated

from msgspec import Meta


DAY = 86_400

# What the gateway can count to (Envoy holds this limit in 32 bits).
LARGEST_BODY = 2**32 - 1

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*"

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$",
        max_length=40,
        extra={"plain": "a name of lower-case letters, digits and single `-` or `_`"},
    ),
]
Variable = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        extra={"plain": "a variable's name of letters, digits and `_`"},
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=rf"^{_HOST}$",
        max_length=253,
        extra={"plain": "a host name such as `shop.example`, without a port"},
    ),
]
RouteHost = Annotated[
    str,
    Meta(
        pattern=rf"^(\.|{_HOST}\.?)$",
        max_length=253,
        extra={
            "plain": "a host name such as `shop.example`, or one with a final dot such "
            "as `api.`, which is below the site's `domain`"
        },
    ),
]
Origin = Annotated[
    str,
    Meta(
        pattern=rf"^(\*|https?://((\*\.)?{_HOST}|\[[0-9A-Fa-f:.]+\])"
        r"(:[0-9]{1,5})?)$",
        max_length=300,
        extra={
            "plain": "an origin such as `https://app.example`, without a path, "
            "`https://*.app.example`, or `*`"
        },
    ),
]
Method = Annotated[
    str,
    Meta(pattern=r"^(\*|[A-Z]+)$", extra={"plain": "a method in capitals, or `*`"}),
]
Header = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[A-Za-z0-9!#$%&'+.^_|~-]+)$",
        extra={"plain": "the name of a header, or `*`"},
    ),
]
Command = Annotated[str, Meta(min_length=1)]
