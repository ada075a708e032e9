"""Where services are public."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from .types import DAY, LARGEST_BODY, RouteHost


_MIB = 1024 * 1024

_PATH = r"^(/|((?!/\.\.?(/|$))/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+)$"

Mount = Literal["script_name", "keep", "strip"]

RouteKey = Annotated[
    str,
    Meta(
        description="Short for one table of `[[routes]]` with this `path`.",
        extra_json_schema={"pattern": _PATH},
    ),
]
"""The key `route` of a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A part of the site's address space that leads to a service."""

    path: Annotated[
        str,
        Meta(
            description="Public path prefix, matched by whole segments.",
            extra_json_schema={"pattern": _PATH},
        ),
    ] = "/"
    host: Annotated[
        RouteHost | None,
        Meta(
            description="Only for this host name. With a final dot it is below the "
            "site's `domain`: `api.`; `.` is the domain itself. Absent: every host."
        ),
    ] = None
    mount: Annotated[
        Mount | None,
        Meta(
            description="How the service sees the prefix: as `SCRIPT_NAME`, kept in "
            "the path, or stripped. Absent: `script_name` for an application, "
            "`strip` for a command."
        ),
    ] = None
    only: Annotated[
        tuple[str, ...],
        Meta(description="Publish only these rule patterns of the service."),
    ] = ()
    except_: Annotated[
        tuple[str, ...],
        Meta(description="Publish all but these rule patterns of the service."),
    ] = ()
    stream: Annotated[
        bool,
        Meta(description="Pass request bodies through unbuffered, without a limit."),
    ] = False
    max_body: Annotated[
        int, Meta(ge=0, le=LARGEST_BODY, description="Largest request body, in bytes.")
    ] = 16 * _MIB
    timeout: Annotated[
        float, Meta(gt=0, le=DAY, description="Seconds until the gateway gives up.")
    ] = 10.0
    csrf: Annotated[
        bool,
        Meta(
            description="Refuse what pages of other sites send: unsafe methods and "
            "WebSockets with a foreign `Origin`. `false` for webhooks."
        ),
    ] = True
    cors: Annotated[
        bool,
        Meta(
            description="Let scripts of the site's other hosts use it, and those of "
            "`origins` in `[gateway.cors]`."
        ),
    ] = False
    gives_way: bool = False
    """Whether a service with a rule for this very path has it: no key."""
