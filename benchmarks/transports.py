"""What one call between two services costs, by transport and client.

Every side asks the same small answer of the same server, granian with one
worker, in rounds: a block of calls of each side, then the next round, so that
whatever else the machine does falls on all alike. Printed are the medians over
all calls of wall time, and the caller's own CPU time for a call.

    uv run --with-requirements benchmarks/requirements.txt python benchmarks/transports.py

`requests`, `httpx`, `urllib3` and `pyreqwest` are measured where installed.
"""

import importlib
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from rig.figures import keep, median, number, options, ratio, show
from rig.processes import Stage, free_port, until
from rig.servers import have

from glassware.service.transport import Request, Transport
from glassware.service.wire import Wire


Call = Callable[[], bytes]
BODY = b'{"id": 7, "name": "Teapot", "price": 1900, "stock": 12}'


def application(environ: dict[str, object], start_response: Callable[..., object]):
    """Answer everything with a small JSON body."""
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(BODY))),
    ]
    start_response("200 OK", headers)
    return [BODY]


@dataclass
class Side:
    """One way to make the call, and what was measured of it."""

    name: str
    call: Call
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def block(self, calls: int) -> None:
        """Make `calls` calls in a row."""
        before = time.process_time_ns()
        for _ in range(calls):
            began = time.perf_counter_ns()
            self.call()
            self.wall.append((time.perf_counter_ns() - began) / 1000)
        self.cpu.append((time.process_time_ns() - before) / 1000 / calls)


class UnixConnection(HTTPConnection):
    """`http.client` over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def ours(transport: Transport, address: str, method: str = "GET") -> Call:
    """Return a call through our own transport."""
    request = Request(
        neighbour="catalog",
        address=address,
        method=method,
        target="/products/7",
        headers=(("Host", "localhost:8000"), ("Accept-Encoding", "identity")),
        body=b"{}" if method == "POST" else None,
        timeout=10,
        repeatable=method == "GET",
    )
    return lambda: transport.send(request).content


def standard(connection: HTTPConnection) -> Call:
    """Return a call through `http.client`."""

    def call() -> bytes:
        connection.request("GET", "/products/7")
        return connection.getresponse().read()

    return call


def raw(path: str) -> Call:
    """Return the least that Python can do: no parsing to speak of."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    head = b"GET /products/7 HTTP/1.1\r\nHost: localhost:8000\r\n\r\n"

    def call() -> bytes:
        connection.sendall(head)
        said = connection.recv(65536)
        while BODY not in said:
            said += connection.recv(65536)
        return said[-len(BODY) :]

    return call


def bare_curl(path: str) -> Call:
    """Return a call with a libcurl handle and nothing around it."""
    import pycurl  # noqa: PLC0415

    curl = pycurl.Curl()
    curl.setopt(pycurl.UNIX_SOCKET_PATH, path)
    curl.setopt(pycurl.URL, "http://localhost/products/7")
    curl.setopt(pycurl.TIMEOUT_MS, 10_000)
    return curl.perform_rb


def urllib3_sides(path: str, url: str) -> Iterator[tuple[str, Call]]:
    """Return urllib3 over both transports."""
    urllib3 = importlib.import_module("urllib3")

    class UnixPool(urllib3.HTTPConnectionPool):
        ConnectionCls = type(
            "Connection",
            (urllib3.connection.HTTPConnection,),
            {"_new_conn": lambda self: _connected(path)},
        )

    over_socket = UnixPool("localhost", timeout=10)
    over_port = urllib3.PoolManager(timeout=10)
    yield "urllib3, unix socket", lambda: over_socket.request("GET", "/products/7").data
    yield "urllib3, TCP", lambda: over_port.request("GET", f"{url}/products/7").data


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def requests_sides(path: str, url: str) -> Iterator[tuple[str, Call]]:
    """Return requests, as most people write it and as they should."""
    requests = importlib.import_module("requests")
    session = requests.Session()
    target = f"{url}/products/7"
    yield "requests.Session, TCP", lambda: session.get(target, timeout=10).content
    yield "requests.get, TCP", lambda: requests.get(target, timeout=10).content


def httpx_sides(path: str, url: str) -> Iterator[tuple[str, Call]]:
    """Return httpx over both transports."""
    httpx = importlib.import_module("httpx")
    over_port = httpx.Client()
    over_socket = httpx.Client(transport=httpx.HTTPTransport(uds=path))
    yield "httpx.Client, TCP", lambda: over_port.get(f"{url}/products/7").content
    yield (
        "httpx.Client, unix socket",
        lambda: over_socket.get("http://localhost/products/7").content,
    )


def pyreqwest_sides(path: str, url: str) -> Iterator[tuple[str, Call]]:
    """Return pyreqwest, which speaks TCP alone."""
    client = importlib.import_module("pyreqwest.client").SyncClientBuilder().build()
    target = f"{url}/products/7"
    yield (
        "pyreqwest, TCP",
        lambda: bytes(client.get(target).build().send().bytes()),
    )


OPTIONAL = {
    "urllib3": urllib3_sides,
    "requests": requests_sides,
    "httpx": httpx_sides,
    "pyreqwest": pyreqwest_sides,
}


def all_sides(path: str, url: str) -> Iterator[tuple[str, Call]]:
    """Return every side that can be measured here; ours comes first."""
    wire = Wire()
    host, port = url.removeprefix("http://").split(":")
    folder = str(Path(path).parent)
    yield "glassware, unix socket", ours(wire, f"unix:{folder}")
    yield "glassware POST, unix socket", ours(wire, f"unix:{folder}", "POST")
    yield "glassware, TCP", ours(wire, url)
    yield "pycurl bare, unix socket", bare_curl(path)
    yield "http.client, unix socket", standard(UnixConnection(path))
    yield "http.client, TCP", standard(HTTPConnection(host, int(port)))
    yield "raw socket, unix socket", raw(path)
    for package, sides in OPTIONAL.items():
        if have(package):
            yield from sides(path, url)


def serve(stage: Stage, name: str, *place: str) -> None:
    """Serve `application` with one worker."""
    here = Path(__file__)
    argv = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"),
        *("--blocking-threads", "4", "--log-level", "error", *place),
        f"{here.stem}:application",
    )
    stage.start(name, [*argv], cwd=here.parent)


def answered(call: Call) -> None:
    """Return once `call` gives the expected answer."""

    def right() -> bool:
        try:
            return call() == BODY
        except OSError:
            return False

    until(right, 20)


def main() -> None:
    """Measure every side and print a table."""
    given = options(__doc__, {"rounds": 4, "block": 20}, rounds=40, block=50)
    with Stage() as stage:
        path, port = str(stage.folder / "1.0.sock"), free_port()
        serve(stage, "socket", "--uds", path)
        serve(stage, "port", "--port", str(port))
        answered(lambda: raw(path)())  # noqa: PLW0108  # connects anew each time
        answered(lambda: standard(HTTPConnection("127.0.0.1", port))())  # noqa: PLW0108
        every = all_sides(path, f"http://127.0.0.1:{port}")
        sides = [Side(name, call) for name, call in every if given.only in name]
        for side in sides:
            answered(side.call)
        for _ in range(given.rounds):
            # Nobody always comes after the same neighbour, whose threads
            # and garbage may still be busy.
            for side in random.sample(sides, len(sides)):
                side.block(given.block)
    results = {s.name: (median(s.wall), median(s.cpu)) for s in sides}
    wall, cpu = next(iter(results.values()))
    show(
        f"{given.rounds * given.block} calls of each side: medians in µs",
        ("", "wall", "ratio", "CPU", "ratio"),
        [
            (name, number(a), ratio(a, wall), number(b), ratio(b, cpu))
            for name, (a, b) in results.items()
        ],
    )
    keep(given, results)


if __name__ == "__main__":
    main()
