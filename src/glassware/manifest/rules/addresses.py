"""Rules about TCP addresses and host names."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, ip_address

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.places import KeyPath
from glassware.model import EVERYWHERE


_OWN_HINT = 'write `host = "own"` below `[address]`, where the program can be told'


def address_hosts(draft: Draft) -> Iterator[Fault]:
    """A service's plain address is on this machine."""
    for service in draft.site.services:
        host = service.address.host if service.address is not None else None
        if host is None or host in {"own", EVERYWHERE} or _is_loopback(host):
            continue
        yield draft.fault(
            ("services", service.name, "address", "host"),
            f"`{host}` is no address that a service can have",
            f"write `own`, `127.0.0.1` or `{EVERYWHERE}`",
        )


def every_address(draft: Draft) -> Iterator[Fault]:
    """Only a program insists on every address; glassware does so for nobody."""
    for service in draft.site.services:
        host = service.address.host if service.address is not None else None
        if host == EVERYWHERE and service.command is None:
            yield draft.fault(
                ("services", service.name, "address", "host"),
                f"`{EVERYWHERE}` is for a `command`, and `{service.name}` is an "
                "application",
                "leave it out",
            )


def one_port_each(draft: Draft) -> Iterator[Fault]:
    """A fixed port belongs to one program on its host."""
    taken = [*_fixed_ports(draft)]
    for index, (path, name, host, port) in enumerate(taken):
        for _, other, other_host, other_port in taken[:index]:
            hosts = {host, other_host}
            own = host == other_host == "own"
            if (
                port == other_port
                and not own
                and (len(hosts) == 1 or EVERYWHERE in hosts)
            ):
                yield draft.fault(
                    path,
                    f"port {port} is `{other}`'s, and `{name}` asks for it too",
                    _OWN_HINT,
                )
                break


def one_name_each(draft: Draft) -> Iterator[Fault]:
    """A host name leads to one service."""
    first = {"localhost": "the site", **dict.fromkeys(_public(draft), "the site")}
    for service in draft.site.services:
        if service.address is None:
            continue
        root = ("services", service.name, "address", "names")
        mine: set[str] = set()
        for path, name in draft.elements(root, service.address.names):
            other = first.get(name.lower())
            if other is not None and (other != service.name or name.lower() in mine):
                yield draft.fault(
                    path, f"`{name}` already leads to `{other}`", "give it another name"
                )
            first.setdefault(name.lower(), service.name)
            mine.add(name.lower())


def gateway_bind(draft: Draft) -> Iterator[Fault]:
    """The gateway listens on an address."""
    bind = draft.site.gateway.bind
    try:
        ip_address(bind)
    except ValueError:
        if bind != "localhost":
            yield draft.fault(
                ("gateway", "bind"),
                f"`{bind}` is no address",
                f"write `127.0.0.1`, or `{EVERYWHERE}` for every address",
            )


def _fixed_ports(draft: Draft) -> Iterator[tuple[KeyPath, str, str, int]]:
    gateway = draft.site.gateway
    if gateway.port is not None:
        host = "127.0.0.1" if gateway.bind == "localhost" else gateway.bind
        host = re.sub(r"^::$", EVERYWHERE, host)
        yield ("gateway", "port"), "the gateway", host, gateway.port
    if gateway.tls is not None and gateway.tls.redirect not in {None, gateway.port}:
        host = re.sub(r"^::$", EVERYWHERE, gateway.bind)
        redirect = gateway.tls.redirect or 0
        yield ("gateway", "tls", "redirect"), "the gateway", host, redirect
    for service in draft.site.services:
        if service.address is not None and service.address.port is not None:
            path = ("services", service.name, "address", "port")
            host = service.address.host or "127.0.0.1"
            # Who insists on every address has a network of its own.
            if host != EVERYWHERE:
                yield path, service.name, host, service.address.port


def _public(draft: Draft) -> Iterator[str]:
    gateway = draft.site.gateway
    yield from (host.lower() for host in gateway.hosts)
    if gateway.domain:
        yield gateway.domain.lower()
    for service in draft.site.services:
        for route in service.routes:
            if route.host:
                yield from gateway.names(route.host, production=draft.production)


def _is_loopback(host: str) -> bool:
    try:
        return IPv4Address(host).is_loopback
    except AddressValueError:
        return False


RULES = (address_hosts, every_address, one_port_each, one_name_each, gateway_bind)
