"""Each limit of the table, at it and beyond it, against the real Envoy."""

import contextlib
import gc
import resource
import socket
import stat
from collections import Counter
from pathlib import Path

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import ask, connect, raw, read, request
from gateway.kinds import Share, Site, Start
from glassware.gateway.limits import KIB, MIB, Limits, affordable
from waiting import open_files, until


MINIMAL = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def limited(shared: Share) -> EnvoySite:
    """A site whose times are short enough to wait for."""
    made, _ = shared(
        "front",
        public("front", "/"),
        public("front", "/small", max_body=1000),
        public("front", "/none", max_body=0),
        limits=Limits(header_time=0.3, connection_idle=0.4, silence=2),
    )
    return made


@pytest.mark.parametrize(("count", "status"), [(64, 200), (65, 431)])
def test_headers_are_counted(limited: EnvoySite, count: int, status: int) -> None:
    """`Host` is one of them."""
    more = b"".join(b"a%d: 1\r\n" % number for number in range(count - 1))

    assert raw(limited.port, MINIMAL + more + b"\r\n").status == status


@pytest.mark.parametrize(("size", "status"), [(31 * KIB, 200), (33 * KIB, 431)])
def test_headers_are_measured(limited: EnvoySite, size: int, status: int) -> None:
    """Names and values together."""
    cookie = b"cookie: " + b"x" * size + b"\r\n"

    assert raw(limited.port, MINIMAL + cookie + b"\r\n").status == status


@pytest.mark.parametrize(("size", "status"), [(31 * KIB, 200), (33 * KIB, 431)])
def test_the_target_is_measured(limited: EnvoySite, size: int, status: int) -> None:
    """A long query counts as a header does."""
    assert limited.ask("/?" + "x" * size).status == status


@pytest.mark.parametrize(
    ("target", "size", "status"),
    [
        ("/", 16 * MIB, 200),
        ("/", 16 * MIB + 1, 413),
        ("/small", 1000, 200),
        ("/small", 1001, 413),
        ("/none", 0, 200),
        ("/none", 1, 413),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_measured(
    limited: EnvoySite, target: str, size: int, status: int, *, chunked: bool
) -> None:
    """To the byte, with and without a stated length.

    Where no body is allowed, Envoy lets a single byte pass if it is chunked.
    """
    if chunked and target == "/none":
        size += 1
    body, headers = b"x" * size, {"Accept": "text/plain"}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
        body = (b"%x\r\n%b\r\n" % (size, body) if size else b"") + b"0\r\n\r\n"

    with connect(limited.port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request(target, "POST", headers, body))
        answer = read(connection)

    assert answer.status == status
    if status == 200:
        assert answer.json()["length"] == size


@pytest.mark.parametrize(
    ("count", "size", "status"),
    [(900, 1, 200), (1100, 1, 502), (4, 50 * KIB, 200), (6, 50 * KIB, 502)],
)
def test_the_headers_of_an_answer_are_measured(
    limited: EnvoySite, count: int, size: int, status: int
) -> None:
    """A service may say more than a visitor, but not without end."""
    before = open_files()
    with connect(limited.port) as connection:
        connection.sendall(request(f"/headers/{count}/{size}", "POST"))
        start = connection.recv(12, socket.MSG_WAITALL)

    # Werkzeug leaves a selector to the collector if a peer breaks off, as soon as
    # its thread has noticed.
    until(lambda: gc.collect() >= 0 and open_files() <= before, "the end of it")
    assert start == b"HTTP/1.1 %d" % status


def test_a_full_memory_is_a_503(site: Site, worker: Start) -> None:
    """Envoy refuses requests rather than grow without end."""
    made = site(public("front", "/"), limits=Limits(memory=1))
    made.start(running("front", worker("front").target))

    until(lambda: made.ask("/").status == 503, "the refusal")
    assert b"overload" in made.ask("/").body


def test_a_request_that_never_ends_its_headers_is_closed(limited: EnvoySite) -> None:
    """Slow headers hold a connection for the time of the table."""
    with connect(limited.port) as connection:
        connection.sendall(MINIMAL)

        assert read(connection).status == 408


def test_an_idle_connection_is_closed(limited: EnvoySite) -> None:
    """Keep-alive has an end."""
    with connect(limited.port) as connection:
        connection.sendall(request("/"))

        assert read(connection).status == 200
        assert connection.recv(1) == b""


def test_slow_bodies_never_hold_a_worker(site: Site, worker: Start) -> None:
    """A body that dribbles in is the gateway's affair alone."""
    backend = worker("front")
    made = site(public("front", "/"))
    made.start(running("front", backend.target))
    head = request("/slow", "POST", {"Content-Length": "1000"}, b"x")
    with contextlib.ExitStack() as connections:
        for _ in range(60):
            connections.enter_context(connect(made.port)).sendall(head)

        assert ask(made.port, "/good").status == 200
        assert backend.seen == ["/good"]


def test_connections_are_counted(site: Site, worker: Start) -> None:
    """Beyond the limit a connection is closed at once; later there is room again."""
    made = site(public("front", "/"), limits=Limits(connections=8))
    made.start(running("front", worker("front").target))
    with contextlib.ExitStack() as connections:
        for _ in range(8):
            connection = connections.enter_context(connect(made.port))
            connection.sendall(request("/"))
            assert read(connection).status == 200
        with connect(made.port) as one_more:
            assert _closed(one_more)

    until(lambda: ask(made.port, "/").status == 200, "room for a connection")


def test_a_flood_of_connections_leaves_room_for_answers(
    site: Site, worker: Start
) -> None:
    """With few descriptors there are few connections, and those are served."""
    limits = affordable(Limits(), 200)
    made = site(public("front", "/"), limits=limits)
    made.start(running("front", worker("front").target))
    assert made.process is not None
    resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    with contextlib.ExitStack() as flood:
        for connection in (held := _many(flood, made.port, 250)):
            with contextlib.suppress(ConnectionError):
                connection.sendall(request("/"))
        answers = Counter(read(connection).status for connection in held)

    assert answers == {200: limits.connections, 0: 250 - limits.connections}
    until(lambda: ask(made.port, "/").status == 200, "room for a connection")


def _many(flood: contextlib.ExitStack, port: int, count: int) -> list[socket.socket]:
    return [flood.enter_context(connect(port)) for _ in range(count)]


def _closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nhelloJUNK\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"g\r\nhello\r\n0\r\n\r\n",
        b"-1\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_chunks_are_read_strictly(limited: EnvoySite, chunks: bytes) -> None:
    """What a lenient reader would guess at is refused."""
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert raw(limited.port, head + chunks).status == 400


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n", 403),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 404),
        (
            MINIMAL + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            400,
        ),
        (
            MINIMAL + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
    ],
)
def test_an_odd_request_has_one_answer(
    limited: EnvoySite, data: bytes, status: int
) -> None:
    """Old clients are served; what is ambiguous is refused."""
    assert raw(limited.port, data).status == status


def test_the_admin_interface_is_a_private_socket(limited: EnvoySite) -> None:
    """Envoy listens on the public port and on a socket of mode 0600, no more."""
    assert limited.process is not None
    mode = limited.place.admin.stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert _listening(limited.process.pid) == {limited.port}


def _listening(pid: int) -> set[int]:
    sockets = {
        str(fd.readlink())[8:-1]
        for fd in Path(f"/proc/{pid}/fd").iterdir()
        if str(fd.readlink()).startswith("socket:[")
    }
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == "0A" and row[9] in sockets
    }
