"""What there is to say of the sessions that services chose for themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from glassware.plan import Plan, ServicePlan


@dataclass(frozen=True, slots=True)
class SessionRemark:
    """One thing about a service's session, and the way out."""

    service: str
    what: str
    hint: str


def session_remarks(
    plan: Plan, said: Mapping[str, Mapping[str, Any]]
) -> Iterator[SessionRemark]:
    """Yield what is to be known of the services' sessions.

    Args:
        plan: How the site runs.
        said: What each worker said of its application, by name.
    """
    sessions = {name: facts.get("session", {}) for name, facts in said.items()}
    for name, session in sessions.items():
        if "key" in session:
            yield SessionRemark(
                name,
                f"its `SECRET_KEY` {session['key']}; it does not start with "
                "`--production`",
                "leave it out, and the service gets one of its own",
            )
    known = [name for name, session in sessions.items() if "cookie" in session]
    for one, other in combinations(known, 2):
        if _meet(sessions[one], sessions[other]) and _share_a_host(plan, one, other):
            yield SessionRemark(
                other,
                f"its session and that of `{one}` are both the cookie "
                f"`{sessions[other]['cookie']}`: they end each other",
                "leave `SESSION_COOKIE_NAME` out, and each is called after its service",
            )


def _meet(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether a browser sends both cookies to one of the two."""
    if one["cookie"] != other["cookie"]:
        return False
    first, second = sorted(f"{each['path'].rstrip('/')}/" for each in (one, other))
    return second.startswith(first)


def _share_a_host(plan: Plan, one: str, other: str) -> bool:
    hosts = [_hosts(plan.service(name)) for name in (one, other)]
    return None in hosts[0] | hosts[1] or bool(hosts[0] & hosts[1])


def _hosts(service: ServicePlan) -> set[str | None]:
    return {route.host for route in service.service.routes}
