"""A port that is free when it is chosen, and somebody else's when Envoy wants it."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.kinds import Site
from glassware.errors import GatewayError
from waiting import until


@pytest.fixture
def starting(site: Site) -> EnvoySite:
    """A gateway that Envoy has not been started for."""
    made = site(public("front"))
    made.gateway.update([running("front")])
    return made


@pytest.fixture
def other(starting: EnvoySite) -> Iterator[socket.socket]:
    """Another program that has bound the port, and does not listen yet."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", starting.port))
        yield bound


def test_an_envoy_without_its_port_is_not_ready(
    starting: EnvoySite, other: socket.socket
) -> None:
    """It goes on without a listener; the site must not say that it serves there."""
    addresses = starting.place.resource("listeners")
    wanted = addresses.read_text()
    # Envoy binds its port, looks whether this file is there, reads it, and listens.
    addresses.unlink()
    os.mkfifo(addresses)
    starting.launch()
    with addresses.open("w"):
        other.listen()
    until(lambda: not _holds(starting, addresses), "the end of its look")
    with addresses.open("w") as reading:
        reading.write(wanted)

    with pytest.raises(GatewayError, match="was taken while the site started"):
        until(starting.gateway.ready, "readiness")


def _holds(starting: EnvoySite, path: Path) -> bool:
    """Whether Envoy has a file open."""
    assert starting.process is not None
    folder = Path(f"/proc/{starting.process.pid}/fd")
    found = set()
    for entry in folder.iterdir():
        with suppress(OSError):
            found.add(entry.readlink())
    return path in found
