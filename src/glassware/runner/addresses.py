"""Ports and loopback addresses: free, the same next time, no two alike."""

import hashlib
import socket
from contextlib import closing

from glassware.gateway import free_port, is_free
from glassware.model import Address
from glassware.plan import Plan, ServicePlan

from .state import State


LOOPBACK = "127.0.0.1"


class Ports:
    """The ports of one site, remembered in its state folder."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known = state.ports()
        self._given: set[int] = set()

    def claim(self, purpose: str, host: str = LOOPBACK) -> int:
        """Return the port for a purpose: last time's if it is free, else another."""
        port = self._known.get(purpose, 0)
        if not port or port in self._given or not is_free(host, port):
            port = self._free(host)
        return self._keep(purpose, port)

    def claim_public(self, host: str, first: int) -> int:
        """Return the gateway's port: last time's, else the next free from `first`."""
        known = self._known.get("gateway", 0)
        if known and is_free(host, known):
            return self._keep("gateway", known)
        return self._keep("gateway", free_port(host, first))

    def _free(self, host: str) -> int:
        while True:
            with closing(socket.socket()) as probe:
                probe.bind((host, 0))
                port = int(probe.getsockname()[1])
            if port not in self._given and port not in self._known.values():
                return port

    def _keep(self, purpose: str, port: int) -> int:
        self._given.add(port)
        if self._known.get(purpose) != port:
            self._known[purpose] = port
            self._state.keep_ports(self._known)
        return port


def plain_address(plan: Plan, service: ServicePlan, ports: Ports) -> tuple[str, int]:
    """Return where a service is reached by programs that know only TCP."""
    wanted = service.service.address or Address()
    host = _host(plan, service, wanted)
    if wanted.port is not None:
        return host, wanted.port
    return host, ports.claim(f"service {service.name}", host)


def names_of(plan: Plan) -> dict[str, str]:
    """Return the host names that services ask for, with their addresses."""
    return {
        name: _host(plan, service, wanted)
        for service in plan.services
        if (wanted := service.service.address) is not None
        for name in wanted.names
    }


def _host(plan: Plan, service: ServicePlan, wanted: Address) -> str:
    if wanted.host == "own" or (wanted.host is None and wanted.names):
        return own_host(plan, service)
    return wanted.host or LOOPBACK


def own_host(plan: Plan, service: ServicePlan) -> str:
    """Return a loopback address that no other service has, the same every time."""
    digest = hashlib.sha256(f"{plan.folder}\0{service.name}".encode()).digest()
    a, b, c = (1 + byte % 254 for byte in digest[:3])
    return f"127.{a}.{b}.{c}"
