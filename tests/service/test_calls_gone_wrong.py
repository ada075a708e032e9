"""Every way in which a neighbour can disappoint, and what its caller is told."""

import contextlib
import random
import resource
import socket
import threading
import time
import zlib
from collections import Counter
from functools import partial

import pytest

from glassware.environment import Policy
from glassware.errors import BadAnswer, DeadlineExceeded, Unavailable
from glassware.service.client import services
from service.http_worker import Worker, answer, answering, read


MIB = 1024 * 1024


def saying(answer_: bytes, *, then_close: bool = True):
    """Return a server that says the same to every request."""

    def serve(connection: socket.socket) -> None:
        for _ in read(connection):
            connection.sendall(answer_)
            if then_close:
                return

    return serve


def test_a_slow_answer_ends_at_the_time_limit(catalog, start):
    """The caller gets its thread back when its time is over."""
    enough = threading.Event()
    start(answering(lambda _: answer(str(enough.wait(30)).encode())))
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        catalog.get("/slow?secret=1", timeout=0.2)
    enough.set()
    assert 0.2 <= time.monotonic() - began < 2
    assert caught.value.message == "`catalog` did not answer `GET /slow` within 0.2 s"


def test_a_dripping_answer_ends_at_the_time_limit(catalog, start):
    """The limit is for the whole answer, not for each part of it."""
    gone = threading.Event()

    def serve(connection):
        for _ in read(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not gone.wait(0.01):
                connection.sendall(b".")

    start(serve)
    with pytest.raises(DeadlineExceeded):
        catalog.get("/", timeout=0.2)
    gone.set()


def test_a_connection_is_not_used_after_a_time_out(catalog, start):
    """A late answer is never taken for the answer to the next request."""
    late = threading.Event()

    def serve(connection):
        for asked in read(connection):
            if asked.target == "/late":
                late.wait(30)
            connection.sendall(answer(asked.target.encode()))

    start(serve)
    with pytest.raises(DeadlineExceeded):
        catalog.get("/late", timeout=0.1)
    late.set()
    assert catalog.get("/next").text == "/next"


def test_what_lies_in_a_kept_connection_is_no_answer(catalog, start):
    """A server that says too much is not believed the second half."""
    read_it, said_more = threading.Event(), threading.Event()

    def serve(connection):
        for asked in read(connection):
            connection.sendall(answer(asked.target.encode()))
            if asked.target == "/much":
                read_it.wait(30)
                connection.sendall(answer(b"forged"))
                said_more.set()

    worker = start(serve)
    assert catalog.get("/much").text == "/much"
    read_it.set()
    assert said_more.wait(10)
    assert catalog.get("/next").text == "/next"
    assert worker.accepted == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\xff\x00",
    ],
)
def test_a_broken_answer_is_an_error(catalog, start, method, broken):
    """An answer that makes no sense is not asked for again."""
    worker = start(saying(broken))
    with pytest.raises(BadAnswer, match=f"`catalog` to `{method} /x` is unusable: "):
        catalog.request(method, "/x")
    assert worker.accepted == 1


@pytest.mark.parametrize(("method", "times"), [("GET", 3), ("POST", 1)])
@pytest.mark.parametrize(
    "half",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
    ],
)
def test_half_an_answer_is_none(catalog, start, method, times, half):
    """The connection was lost: what may be repeated is asked for again."""
    worker = start(saying(half))
    with pytest.raises(BadAnswer, match="is unusable: ") as caught:
        catalog.request(method, "/x")
    assert worker.accepted == caught.value.call.attempts == times
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br", "zstd"])
def test_nothing_is_inflated(catalog, start, encoding):
    """A compressed answer was not asked for, and costs nothing but an error."""
    start(saying(answer(b"bomb", headers=(f"Content-Encoding: {encoding}",))))
    with pytest.raises(BadAnswer, match=f"content encoding `{encoding}`"):
        catalog.get("/")


def bomb(megabytes: int) -> bytes:
    """Return so many megabytes, compressed twice to less than a kilobyte."""

    def deflated(parts):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield from map(packer.compress, parts)
        yield packer.flush()

    return b"".join(deflated(deflated(bytes(MIB) for _ in range(megabytes))))


def test_a_bomb_costs_nothing(catalog, start):
    """Row 29 of the goal table: layers of encoding are an error, not memory."""
    packed = bomb(200)
    assert len(packed) < 1024
    start(saying(answer(packed, headers=("Content-Encoding: gzip, gzip",))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadAnswer, match="content encoding `gzip, gzip`"):
        catalog.get("/")
    with pytest.raises(BadAnswer), catalog.stream("GET", "/"):
        pass
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 * 1024


def test_two_encodings_in_two_headers_are_refused(catalog, start):
    """Spreading them over header lines changes nothing."""
    twice = ("Content-Encoding: identity", "content-encoding: GZIP")
    start(saying(answer(b"bomb", headers=twice)))
    with pytest.raises(BadAnswer, match="GZIP"):
        catalog.get("/")


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("said", ["policy", "option"])
def test_a_huge_answer_is_cut_off(become, wire, folder, start, stated, said):
    """Whether it states its size or not, it is not taken in."""
    policies = {"catalog": Policy(max_answer=MIB)} if said == "policy" else {}
    options = {"max_answer": MIB} if said == "option" else {}
    become(neighbours={"catalog": f"unix:{folder}/ready"}, policies=policies)

    def serve(connection):
        for asked in read(connection):
            if asked.target != "/":
                connection.sendall(answer(b"x" * int(asked.target[1:])))
                continue
            length = b"Content-Length: 9000000000000\r\n" if stated else b""
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
            while True:
                connection.sendall(b"." * 65536)

    start(serve)
    assert services.catalog.get(f"/{2 * MIB}", max_answer=2 * MIB).ok
    assert services.catalog.get(f"/{MIB}", **options).ok
    with pytest.raises(BadAnswer, match="more than 1048576 bytes"):
        services.catalog.get(f"/{MIB + 1}", **options)
    with pytest.raises(BadAnswer, match="more than 1048576 bytes") as caught:
        services.catalog.get("/", **options)
    assert caught.value.call.attempts == 1


def test_an_endless_header_is_cut_off(catalog, start):
    """Headers have a limit too."""

    def serve(connection):
        for _ in read(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"A: " + b"a" * 10000 + b"\r\n")

    start(serve)
    with pytest.raises(BadAnswer):
        catalog.get("/")


def test_a_kept_connection_that_dies_loses_and_repeats_nothing(catalog, start):
    """A thousand races against a worker that closes idle connections at whim."""
    done: Counter[str] = Counter()
    whim = random.Random(7)

    def serve(connection):
        connection.settimeout(30)
        for asked in read(connection):
            done[f"{asked.method} {asked.target}"] += 1
            connection.sendall(answer())
            connection.settimeout(whim.choice([0.00005, 0.0002, 0.0005, 0.001]))

    start(serve)
    for number in range(1000):
        method = "GET" if number % 3 == 0 else "POST"
        assert catalog.request(method, f"/{number}", timeout=30).ok
    posts = [count for name, count in done.items() if name.startswith("POST")]
    assert set(posts) == {1}
    assert len(done) == 1000


def test_an_order_is_never_carried_out_twice(become, wire, folder, start):
    """A worker that works, and dies before it answers, is not asked again."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=0)},
    )
    catalog = services.catalog
    done: Counter[str] = Counter()

    def serve(connection):
        for number, asked in enumerate(read(connection)):
            done[asked.body.decode()] += 1
            if number == 1 or asked.target == "/die":
                return
            connection.sendall(answer())

    start(serve)
    for number in range(300):
        # Leaves a connection behind that is going to end.
        with contextlib.suppress(Unavailable):
            catalog.get("/")
        path = "/die" if number % 2 else "/"
        method = random.choice(["post", "patch"])
        send = partial(getattr(catalog, method), path, data=str(number))
        if path == "/":
            assert send().ok
            continue
        with pytest.raises(Unavailable) as caught:
            send()
        assert caught.value.hint == "it was sent once, and may have been carried out"
    assert {done[str(number)] for number in range(300)} == {1}


def test_a_service_alone_says_at_once_that_nobody_listens(become, wire):
    """Without a site there is nothing to wait for."""
    with Worker(None, answering(lambda _: b"")) as worker:
        address = worker.url
    become(site="", calls=None, neighbours={"catalog": address})
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        services.catalog.get("/")
    assert time.monotonic() - began < 1
    assert caught.value.hint == f"is it running at `{address}`?"
