"""How visitors are known."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from .types import DAY, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """How visitors are known, by every service alike."""

    sign_in: Annotated[
        str | None,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]*\.[A-Za-z_][A-Za-z0-9_.-]*$",
            description="The page at which they sign in, as `SERVICE.ENDPOINT`. That "
            "service alone can sign them in. Absent: nobody signs in.",
            extra={"plain": "an endpoint of a service, such as `accounts.sign_in`"},
        ),
    ] = None
    renew_after: Annotated[
        float,
        Meta(ge=10, le=DAY, description="Seconds that a visitor's token lives."),
    ] = 300.0
    remember: Annotated[
        float,
        Meta(
            ge=60,
            le=400 * DAY,
            description="Seconds after which who has not come back is signed out.",
        ),
    ] = 14.0 * DAY
    domain: Annotated[
        Host | None,
        Meta(
            description="Hosts below this name share the sign-in, in production. "
            "Absent: each alone.",
        ),
    ] = None
