"""The public table: which address leads to which service.

Public means declared: what has no line here is a 404.
"""

import re
from dataclasses import dataclass

from glassware.plan import GatewayPlan, PublicRoute

from .patterns import example, expression, literal
from .state import ANY, LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One public prefix of one service.

    Attributes:
        service: Where it leads.
        host: Only for this host name; `None`: for every host.
        aliases: Further names of that host.
        prefix: Without a final slash, so empty for the whole site.
        forwarded_prefix: What the service is told of it; empty: nothing.
        strip: The expression of what is cut off; empty: nothing.
        only: Expressions of the paths that are public; empty: all.
        refused: Expressions of the paths that are not public after all.
        stream: Whether bodies pass unbuffered and without a limit.
        max_body: Largest request body, in bytes.
        timeout: Seconds until the gateway gives up.
        csrf: Whether what pages of other sites send is refused.
        cors: Whether scripts of other origins may use it.
        gives_way: Whether a service that has a rule for this very path has it.
    """

    service: str
    host: str | None
    aliases: tuple[str, ...]
    prefix: str
    forwarded_prefix: str
    strip: str
    only: tuple[str, ...]
    refused: tuple[str, ...]
    stream: bool
    max_body: int
    timeout: float
    csrf: bool
    cors: bool
    gives_way: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its host; none: every host."""
        return (self.host, *self.aliases) if self.host else ()


def table(plan: GatewayPlan) -> tuple[Line, ...]:
    """Return the lines in the order in which they match."""
    lines = [_line(public) for public in plan.routes]
    return tuple(sorted(lines, key=lambda line: (line.host is None, -len(line.prefix))))


def lines_of(plan: GatewayPlan, service: str) -> tuple[Line, ...]:
    """Return the lines of a service, its principal one first."""
    return tuple(_line(p) for p in plan.declared if p.service == service)


def hosts(plan: GatewayPlan, *, production: bool) -> tuple[str, ...]:
    """Return the host names that are served, without those of single routes.

    In production nothing but the declared names, unless there are none at all.
    """
    names = [name.lower() for name in plan.hosts]
    if not production or not names:
        names += LOOPBACK
        if plan.bind not in ANY:
            names.append(f"[{plan.bind}]" if ":" in plan.bind else plan.bind)
    return tuple(dict.fromkeys(names))


def every_host(plan: GatewayPlan, *, production: bool) -> tuple[str, ...]:
    """Return the host names that are served, those of single routes too."""
    named = (name for line in table(plan) for name in line.names)
    return tuple(dict.fromkeys((*hosts(plan, production=production), *named)))


def is_public(line: Line, rule: str) -> bool:
    """Tell whether the addresses of a service's rule are public by `line`."""
    path = line.forwarded_prefix + example(rule)
    below = path == line.prefix or path.startswith(f"{line.prefix}/")
    return (
        below
        and (not line.only or any(re.fullmatch(only, path) for only in line.only))
        and not any(re.fullmatch(refused, path) for refused in line.refused)
    )


def _line(public: PublicRoute) -> Line:
    route = public.route
    prefix = route.path.rstrip("/")
    # A kept prefix is part of the service's own rules.
    before = "" if public.mount == "keep" else prefix
    return Line(
        service=public.service,
        host=route.host.lower() if route.host else None,
        aliases=public.aliases,
        prefix=prefix,
        forwarded_prefix="" if public.mount == "keep" else prefix,
        strip=f"^{literal(prefix)}/?" if public.mount == "strip" and prefix else "",
        only=tuple(expression(pattern, before) for pattern in route.only),
        refused=tuple(expression(p, before, wide=True) for p in route.except_),
        stream=route.stream,
        max_body=route.max_body,
        timeout=route.timeout,
        csrf=route.csrf,
        cors=route.cors,
        gives_way=route.gives_way,
    )
