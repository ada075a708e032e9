"""Ports are probed exclusively, and their holders are named."""

import os
import socket
from collections.abc import Iterator

import pytest

from glassware.errors import PortTaken
from glassware.gateway import free_port, holder, is_free, taken


@pytest.fixture
def shared() -> Iterator[int]:
    """A port whose holder is willing to share it, as Envoy and granian are."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_would_be_shared_is_taken(shared: int) -> None:
    """On its own address and on every address that includes it."""
    assert not is_free("127.0.0.1", shared)
    assert not is_free("0.0.0.0", shared)


def test_another_address_has_ports_of_its_own(shared: int) -> None:
    """`127.0.0.2` is not `127.0.0.1`."""
    assert is_free("127.0.0.2", shared)


def test_the_next_free_port_is_found(shared: int) -> None:
    """The taken one is passed over, and so is what is to be avoided."""
    first = free_port("127.0.0.1", shared)

    assert first > shared
    assert free_port("127.0.0.1", shared, avoid={first}) > first


def test_there_may_be_no_free_port(shared: int) -> None:
    """The error says between which, and how to name another."""
    with pytest.raises(PortTaken, match=str(shared)):
        free_port("127.0.0.1", shared, tries=1)


def test_a_port_remains_free_after_its_connections(shared: int) -> None:
    """A probe leaves nothing behind that would hinder Envoy."""
    port = free_port("127.0.0.1", shared)

    assert is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


def test_a_holder_is_named(shared: int) -> None:
    """The error has the program and its pid."""
    who = holder(shared)

    assert who is not None
    assert who.pid == os.getpid()
    assert f"pid {os.getpid()}" in str(taken("127.0.0.1", shared))


def test_nobody_holds_a_free_port() -> None:
    """An unknown holder is no error."""
    port = free_port("127.0.0.1", 23000)

    assert holder(port) is None
    assert "another program" in str(taken("127.0.0.1", port))


def test_a_port_of_version_6_is_probed_too() -> None:
    """Where the machine has it."""
    with socket.socket(socket.AF_INET6) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listener.listen()
        port = listener.getsockname()[1]

        assert not is_free("::1", port)
        assert holder(port) is not None
