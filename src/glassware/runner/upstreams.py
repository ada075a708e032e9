"""Who serves, and how each is reached: what the gateway is told."""

from collections.abc import Iterator
from typing import Protocol

from glassware.environment import Policy
from glassware.gateway import Pair, Upstream
from glassware.plan import Plan

from .keys import Keys
from .services import RunningService


class Serving(Protocol):
    """What is to be known of the running site."""

    plan: Plan
    services: dict[str, RunningService]
    addresses: dict[str, tuple[str, int]]
    pairs: dict[tuple[str, str], tuple[str, int]]
    keys: Keys


def upstreams_of(site: Serving) -> list[Upstream]:
    """Return every service as the gateway has it; programs beside them are not its."""
    return [
        _upstream(site, service)
        for service in site.services.values()
        if service.plan.process is None
    ]


def _upstream(site: Serving, service: RunningService) -> Upstream:
    address = service.plan.service.address
    return Upstream(
        name=service.name,
        phase=service.phase,
        targets=service.addresses,
        reason="\n\n".join(filter(None, (service.reason, service.detail))) or None,
        endpoints=service.endpoints,
        address=_listens(site, service),
        names=address.names if address else (),
        pairs=tuple(_pairs(site, service.name)),
        tokens=site.keys.tokens(site.plan, service.name),
        alive=service.plan.launch in {"fork", "isolated"},
    )


def _pairs(site: Serving, name: str) -> Iterator[Pair]:
    """Return the addresses at which callers' own code reaches a service."""
    for pair in site.plan.pairs:
        caller, callee = pair
        if callee == name:
            timeout = site.plan.service(caller).policies.get(name, Policy()).timeout
            yield Pair(caller=caller, address=site.pairs[pair], timeout=timeout)


def _listens(site: Serving, service: RunningService) -> tuple[str, int] | None:
    """Return the plain address that the gateway listens on for a service."""
    if service.plan.listens_itself:
        return None
    return site.addresses.get(service.name)
