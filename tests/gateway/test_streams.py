"""WebSockets, server-sent events and large uploads pass, and survive updates."""

import socket

from websockets.sync.client import connect as websocket

from gateway.envoy_site import fresh_port, public, running
from gateway.exchange import connect, read, request
from gateway.kinds import Site, Start
from glassware.gateway import Upstream
from glassware.gateway.limits import MIB
from glassware.status import Phase


def test_a_websocket_outlives_a_hundred_updates(site: Site, worker: Start) -> None:
    """Neither new workers, nor new routes, nor new addresses close it."""
    first, second = worker("first"), worker("second")
    ports = [fresh_port() for _ in range(3)]
    made = site(public("front", "/"), public("other", "/other"))
    made.start(running("front", first.target))
    with websocket(f"ws://localhost:{made.port}/socket") as socket_:
        for number in range(100):
            target = (second, first)[number % 2].target
            reason = f"reason {number}"
            other = Upstream(
                name="other",
                phase=(Phase.FAILING, Phase.STARTING)[number % 2],
                reason=reason,
                address=("127.0.0.1", ports[number % 3]) if number % 2 else None,
            )
            made.update(running("front", target), other)

            socket_.send(str(number))
            assert socket_.recv(timeout=5) == f"first:{number}"

    assert made.count("listener_manager.listener_modified") == 0


def test_a_websocket_is_not_cut_by_the_timeout(site: Site, worker: Start) -> None:
    """The route's `timeout` ends requests that wait, not those that are open."""
    made = site(public("front", "/", timeout=0.3))
    made.start(running("front", worker("front").target))
    with websocket(f"ws://localhost:{made.port}/socket") as socket_:
        for _ in range(3):
            assert made.ask("/hang").status == 504

        socket_.send("still")
        assert socket_.recv(timeout=5) == "front:still"


def test_events_arrive_one_by_one(site: Site, worker: Start) -> None:
    """An event is not kept until the next, nor cut by the timeout between them."""
    backend = worker("front")
    made = site(public("front", "/", timeout=0.3))
    made.start(running("front", backend.target))
    with connect(made.port) as connection:
        connection.sendall(request("/events", headers={"Accept": "text/event-stream"}))
        assert b"data: first" in _until(connection, b"first")
        assert made.ask("/hang", method="POST", body=b"x").status == 504

        backend.release.set()

        assert b"data: second" in _until(connection, b"second")


def test_an_upload_passes_without_being_held(site: Site, worker: Start) -> None:
    """`stream = true`: a gigabyte, and the gateway's memory stays as it was."""
    made = site(public("front", "/", stream=True))
    made.start(running("front", worker("front").target))
    part, size = b"x" * MIB, 1024
    made.ask("/upload", method="POST", body=part)
    before = most = made.memory()
    with connect(made.port) as connection:
        connection.sendall(
            request("/upload", "POST", {"Content-Length": str(size * MIB)})
        )
        for _ in range(size):
            connection.sendall(part)
            most = max(most, made.memory())
        answer = read(connection)

    assert answer.json() == {"length": size * MIB}
    assert most - before < 24 * MIB


def test_a_chunked_upload_passes(site: Site, worker: Start) -> None:
    """A stated length is not needed."""
    made = site(public("front", "/", stream=True))
    made.start(running("front", worker("front").target))
    with connect(made.port) as connection:
        connection.sendall(request("/echo", "POST", {"Transfer-Encoding": "chunked"}))
        for _ in range(8):
            connection.sendall(b"%x\r\n%b\r\n" % (MIB, b"x" * MIB))
        connection.sendall(b"0\r\n\r\n")

        assert read(connection).json()["length"] == 8 * MIB


def test_a_download_is_not_cut_by_the_timeout(site: Site, worker: Start) -> None:
    """A POST's answer may take longer than `timeout` once it has begun."""
    backend = worker("front")
    made = site(public("front", "/", timeout=0.3))
    made.start(running("front", backend.target))
    with connect(made.port) as connection:
        connection.sendall(request("/begun", "POST", body=b"x"))
        assert b"begun" in _until(connection, b"begun")
        assert made.ask("/hang", method="POST", body=b"x").status == 504
        backend.release.set()

        assert b"done" in _until(connection, b"done")


def _until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data and (part := connection.recv(65536)):
        data += part
    return data
