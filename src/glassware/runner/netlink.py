"""The few words of rtnetlink that make a new network namespace useful."""

import os
import socket
import struct


LOOPBACK, CABLE = 1, 1000
"""The numbers of the interfaces; new namespaces may have some from 2 up."""

_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE, _DELETE_ROUTE = 16, 20, 24, 25
_REQUEST_ACK, _CREATE = 0x005, 0x600
_UP = 1
_MAIN, _LOCAL = 254, 255
_BY_BOOT = 3
_EVERYWHERE, _ANY_SCOPE = 0, 255
_UNICAST, _IS_LOCAL = 1, 2


class Netlink:
    """Changes the network namespace in which it was made, wherever it is used.

    Every method raises `OSError` where the kernel refuses.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE
        )

    def up(self, index: int) -> None:
        """Bring an interface up."""
        self._ask(_NEW_LINK, _link(index, _UP))

    def lay_cable(self, pid: int) -> None:
        """Make a pair of interfaces: one here, one in the namespace of a process."""
        peer = _attribute(1, _link(CABLE) + _attribute(19, struct.pack("=I", pid)))
        kind = _attribute(1, b"veth") + _attribute(2, peer)
        self._ask(_NEW_LINK, _link(CABLE) + _attribute(18, kind), _CREATE)

    def address(self, index: int, address: str, bits: int) -> None:
        """Give an interface an address in a network of so many bits."""
        packed = socket.inet_aton(address)
        head = struct.pack("=BBBBi", socket.AF_INET, bits, 0, 0, index)
        own = _attribute(1, packed) + _attribute(2, packed)
        self._ask(_NEW_ADDRESS, head + own, _CREATE)

    def lead(self, network: str, bits: int, gateway: str) -> None:
        """Send what goes to a network to a gateway."""
        ways = (_MAIN, _BY_BOOT, _EVERYWHERE, _UNICAST)
        to = _attribute(5, socket.inet_aton(gateway))
        self._ask(_NEW_ROUTE, _route(network, bits, *ways) + to, _CREATE)

    def disown(self, network: str, bits: int) -> None:
        """No longer take a whole network of the loopback for this machine's own."""
        ways = (_LOCAL, 0, _ANY_SCOPE, _IS_LOCAL)
        on = _attribute(4, struct.pack("=i", LOOPBACK))
        self._ask(_DELETE_ROUTE, _route(network, bits, *ways) + on)

    def _ask(self, kind: int, body: bytes, flags: int = 0) -> None:
        head = struct.pack("=IHHII", 16 + len(body), kind, _REQUEST_ACK | flags, 1, 0)
        self._socket.send(head + body)
        (code,) = struct.unpack_from("=i", self._socket.recv(65536), 16)
        if code:
            raise OSError(-code, os.strerror(-code))


def _link(index: int, flags: int = 0) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


def _route(network: str, bits: int, *ways: int) -> bytes:
    head = struct.pack("=BBBBBBBBI", socket.AF_INET, bits, 0, 0, *ways, 0)
    return head + _attribute(1, socket.inet_aton(network))


def _attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding
