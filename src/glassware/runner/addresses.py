"""Ports and loopback addresses: free, the same next time, no two alike."""

import fcntl
import hashlib
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from glassware.errors import PortTaken
from glassware.gateway import is_free
from glassware.model import EVERYWHERE, Address
from glassware.plan import Plan, ServicePlan

from .state import State


LOOPBACK = "127.0.0.1"
LINUX = sys.platform == "linux"


class Lock(Protocol):
    """What holds a port until it is closed."""

    def close(self) -> None:
        """Let it go."""


class Ports:
    """The ports of one site, remembered in its state folder.

    Whoever claims a port holds a lock for it, since there is a moment between
    the choice and the program that binds it: two sites that start together
    never choose the same one.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known = state.ports()
        self._locks: dict[int, Lock] = {}

    def claim(self, purpose: str, host: str = LOOPBACK, first: int = 0) -> int:
        """Return the port for a purpose, from now on the site's own.

        Args:
            purpose: What it is for; the same purpose gets the same port again.
            host: The address that it is for.
            first: Where to begin to look; 0: the system chooses.
        """
        known = self._known.get(purpose, 0)
        if known and self._take(host, known):
            return known
        port = next(p for p in _candidates(host, first) if self._take(host, p))
        self._known[purpose] = port
        self._state.keep_ports(self._known)
        return port

    def close(self) -> None:
        """Let others have the ports."""
        for lock in self._locks.values():
            lock.close()
        self._locks.clear()

    def _take(self, host: str, port: int) -> bool:
        if port in self._locks or not is_free(host, port):
            return False
        lock = _lock(port) if LINUX else _file_lock(self._state.port_lock(port))
        if lock is None:
            return False
        self._locks[port] = lock
        return True


def _lock(port: int) -> Lock | None:
    """Return what holds a port among all sites, whosever and wherever they are.

    Names without a file belong to the network namespace, as ports do.
    """
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0glassware-port-{port}")
    except OSError:
        lock.close()
        return None
    return lock


def _file_lock(path: Path) -> Lock | None:
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _candidates(host: str, first: int) -> Iterator[int]:
    if first:
        yield from range(first, 65536)
    while True:
        with closing(socket.socket()) as probe:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
        yield port


def plain_address(plan: Plan, service: ServicePlan, ports: Ports) -> tuple[str, int]:
    """Return where a service is reached by programs that know only TCP."""
    wanted = service.service.address or Address()
    host = _host(plan, service, wanted)
    if wanted.port is not None and (not service.network or is_free(host, wanted.port)):
        return host, wanted.port
    return host, ports.claim(f"service {service.name}", host)


def pair_address(plan: Plan, caller: str, callee: str, ports: Ports) -> tuple[str, int]:
    """Return where a service's own code reaches another, in its own name."""
    service = plan.service(caller)
    # A program with a network of its own may have the same port at `127.0.0.1`.
    host = own_host(plan, service) if service.network else LOOPBACK
    return host, ports.claim(f"pair {caller} {callee}", host)


def names_of(plan: Plan) -> dict[str, str]:
    """Return the host names that services ask for, with their addresses."""
    return {
        name: _host(plan, service, wanted)
        for service in plan.services
        if (wanted := service.service.address) is not None
        for name in wanted.names
    }


def _host(plan: Plan, service: ServicePlan, wanted: Address) -> str:
    own = wanted.host == "own" or (wanted.host is None and wanted.names)
    if own or service.network:
        return own_host(plan, service)
    if wanted.host is None or wanted.host == EVERYWHERE:
        return LOOPBACK
    return wanted.host


def share_no_port(plan: Plan, refused: str) -> None:
    """See that programs which insist on every address can do so on this machine.

    Args:
        plan: What runs, made for a machine without networks for programs.
        refused: Why there are none.

    Raises:
        PortTaken: One insists on a port that another service has too.
    """
    fixed = [
        (f"`{service.name}`", wanted.host, wanted.port)
        for service in plan.services
        if service.process is None and (wanted := service.service.address)
    ]
    fixed.append(("the gateway", plan.gateway.bind, plan.gateway.port))
    for name, host, port in fixed:
        others = [o for o, _, same in fixed if same == port and o != name]
        if host == EVERYWHERE and name != "the gateway" and port and others:
            raise PortTaken(
                f"{name} insists on port {port} of every address, {others[0]} has that "
                f"port too, and no network of its own can be had: {refused}",
                hint="let one of them listen on `$PORT`, or on `$HOST` with "
                '`host = "own"` below `[address]`; or let the kernel give namespaces '
                "(`sysctl user.max_net_namespaces user.max_user_namespaces`)",
            )


def own_host(plan: Plan, service: ServicePlan) -> str:
    """Return a loopback address that no other service has, the same every time."""
    digest = hashlib.sha256(f"{plan.folder}\0{service.name}".encode()).digest()
    a, b, c = (1 + byte % 254 for byte in digest[:3])
    return f"127.{a}.{b}.{c}"
