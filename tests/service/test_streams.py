"""Answers that are read as they come, and bodies that are sent as they are read."""

import io
import resource
import threading

import pytest

from glassware.environment import Policy
from glassware.errors import BadAnswer, CircuitOpen, DeadlineExceeded, Unavailable
from glassware.service.client import services
from glassware.service.edge import edge_to
from service.http_worker import answer, answering, read
from service.test_places import Slot
from waiting import until


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n"
MIB = 1024 * 1024


def chunk(data: bytes) -> bytes:
    """Return `data` as HTTP/1.1 sends a chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_parts_come_as_they_are_sent(catalog, start):
    """The head first, and each part before the next one is made."""
    go_on = threading.Semaphore(0)

    def serve(connection):
        for _ in read(connection):
            connection.sendall(HEAD)
            for part in (b"one", b"two", b""):
                go_on.acquire(timeout=30)
                connection.sendall(chunk(part))

    start(serve)
    with catalog.stream("GET", "/x?y=1") as response:
        assert (response.status_code, response.ok) == (200, True)
        assert response.headers["x-a"] == "1"
        assert response.url == "http://catalog/x?y=1"
        assert response.attempts == 1
        parts = response.iter_bytes()
        go_on.release()
        assert next(parts) == b"one"
        go_on.release()
        assert next(parts) == b"two"
        go_on.release()
        assert list(parts) == []
        assert list(response.iter_bytes()) == []


def test_a_stream_that_is_left_early_ends_at_once(catalog, start):
    """The neighbour notices that nobody reads any more."""
    noticed = threading.Event()

    def serve(connection):
        for _ in read(connection):
            connection.sendall(HEAD)
            try:
                while True:
                    connection.sendall(chunk(b"." * 65536))
            except OSError:
                noticed.set()
                raise

    start(serve)
    with catalog.stream("GET", "/") as response:
        assert next(response.iter_bytes())
    assert noticed.wait(10)
    with pytest.raises(KeyError), catalog.stream("GET", "/"):
        raise KeyError
    assert edge_to("catalog").places.taken == 0


def test_no_more_is_in_memory_than_what_is_read(catalog, start):
    """A slow reader slows the neighbour down, however large the answer is."""
    sent = [0]
    size = 400 * MIB

    def serve(connection):
        for _ in read(connection):
            connection.sendall(
                f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
            )
            while sent[0] < size:
                connection.sendall(b"." * 65536)
                sent[0] += 65536

    start(serve)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with catalog.stream("GET", "/") as response:
        parts = response.iter_bytes()
        got = len(next(parts))
        until(lambda: sent[0])
        threading.Event().wait(0.2)
        assert sent[0] < 16 * MIB
        got += sum(map(len, parts))
    assert got == size
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40 * 1024


def test_silence_has_a_limit(catalog, start):
    """The time limit is for the head, and then for each silence."""
    hanging = threading.Event()

    def serve(connection):
        for request in read(connection):
            if request.target == "/head":
                hanging.wait(30)
            connection.sendall(HEAD)
            for _ in range(12):
                connection.sendall(chunk(b"x"))
                hanging.wait(0.1)
            hanging.wait(30)

    start(serve)
    with (
        pytest.raises(DeadlineExceeded, match="did not answer"),
        catalog.stream("GET", "/head", timeout=0.1),
    ):
        pass
    got = []
    with (
        pytest.raises(DeadlineExceeded, match="was silent for 1 s") as caught,
        catalog.stream("GET", "/", timeout=1) as response,
    ):
        got.extend(response.iter_bytes())
    assert b"".join(got) == b"x" * 12
    assert caught.value.call.neighbour == "catalog"
    hanging.set()
    assert edge_to("catalog").places.taken == 0


@pytest.mark.parametrize(
    "rest", [b"", b"3\r\nab", b"zz\r\n"], ids=["end", "half", "junk"]
)
def test_a_stream_that_breaks_off_is_an_error(catalog, start, rest):
    """What is there is given, and then it is said that it is not all."""

    def serve(connection):
        for _ in read(connection):
            connection.sendall(HEAD + chunk(b"one"))
            connection.sendall(rest)
            return

    start(serve)
    with (
        pytest.raises(BadAnswer, match="is unusable") as caught,
        catalog.stream("GET", "/") as response,
    ):
        list(response.iter_bytes())
    assert caught.value.outcome_unknown


def test_until_the_head_it_is_a_call_like_any_other(become, wire, folder, start):
    """Repeated where it may be, counted, and left alone after failures."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=1)},
    )
    seen = []

    def serve(connection):
        for request in read(connection):
            seen.append(request.target)
            if len(seen) == 1:
                return
            status = "503 S" if len(seen) == 2 or request.target == "/no" else "200 OK"
            connection.sendall(answer(b"there", status))

    start(serve)
    with services.catalog.stream("GET", "/") as response:
        assert response.attempts == 3
        assert b"".join(response.iter_bytes()) == b"there"
    with services.catalog.stream("GET", "/no") as response:
        assert response.status_code == 503
        with pytest.raises(BadAnswer):
            response.raise_for_status()
    with pytest.raises(CircuitOpen), services.catalog.stream("GET", "/"):
        pass
    assert seen == ["/"] * 3 + ["/no"] * 3


def test_an_encoded_stream_is_refused(catalog, start):
    """Nobody asked for it."""
    start(answering(lambda _: answer(b"x", headers=("Content-Encoding: gzip",))))
    with pytest.raises(BadAnswer, match="gzip"), catalog.stream("GET", "/"):
        pass


def test_a_stream_has_a_size_only_if_it_is_given_one(become, wire, folder, start):
    """Nobody keeps it, so the policy's limit is not for it."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(max_answer=10)},
    )
    start(answering(lambda _: answer(b"x" * 1000)))
    with services.catalog.stream("GET", "/") as response:
        assert len(b"".join(response.iter_bytes())) == 1000
    with (
        pytest.raises(BadAnswer, match="more than 100 bytes"),
        services.catalog.stream("GET", "/", max_answer=100) as response,
    ):
        list(response.iter_bytes())


def test_a_stream_has_no_fallback(catalog):
    """Half of an answer cannot be taken back."""
    with pytest.raises(TypeError), catalog.stream("GET", "/", fallback=[]):
        pass


def test_early_hints_are_not_the_head(catalog, start):
    """What comes before the answer is waited through."""

    def serve(connection):
        for _ in read(connection):
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            threading.Event().wait(0.05)
            connection.sendall(answer(b"there", headers=("X-B: 2",)))

    start(serve)
    with catalog.stream("GET", "/") as response:
        assert response.status_code == 200
        assert response.headers["X-B"] == "2"
        assert "Link" not in response.headers
        assert b"".join(response.iter_bytes()) == b"there"


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST"])
def test_empty_answers(catalog, start, method):
    """There is a head, and nothing after it."""
    start(answering(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"))
    with catalog.stream(method, "/") as response:
        assert response.status_code == 204
        assert list(response.iter_bytes()) == []


def test_a_worker_that_is_not_there_is_passed_over(catalog, start):
    """As with other calls: nothing was sent."""
    start(answering(lambda _: answer(b"1")), "1.0").kill()
    start(answering(lambda _: answer(b"2")), "1.1")
    for _ in range(4):
        with catalog.stream("POST", "/") as response:
            assert b"".join(response.iter_bytes()) == b"2"


def test_the_slot_is_lent_while_a_part_is_waited_for(catalog, start, asked):
    """For the head, and for each part."""
    slot = Slot()
    asked(slot=slot)
    start(answering(lambda _: answer(b"there")))
    with catalog.stream("GET", "/") as response:
        assert slot.said == ["lend", "take back"]
        assert b"".join(response.iter_bytes()) == b"there"
    assert slot.said == ["lend", "take back"] * (len(slot.said) // 2)
    assert len(slot.said) > 2


@pytest.mark.parametrize("kind", ["file", "iterator", "empty"])
def test_a_body_is_sent_as_it_is_read(catalog, start, kind):
    """A file, or whatever makes bytes; its length need not be known."""
    got = []
    start(answering(lambda request: got.append(request) or answer(b"thanks")))
    data, whole = {
        "file": (io.BytesIO(b"ab" * 100_000), b"ab" * 100_000),
        "iterator": (iter([b"one", b"", bytearray(b"two"), b"x" * 99_999]), None),
        "empty": (iter([]), b""),
    }[kind]
    response = catalog.put("/", data=data, headers={"Content-Type": "text/plain"})
    assert response.text == "thanks"
    assert got[0].header("Transfer-Encoding") == "chunked"
    assert got[0].header("Content-Type") == "text/plain"
    assert got[0].header("Expect") is None
    assert got[0].header("Content-Length") is None
    assert got[0].body == (b"onetwo" + b"x" * 99_999 if whole is None else whole)


def test_a_body_that_was_read_is_sent_once(catalog, start):
    """Whatever the method is: it cannot be read again."""
    worker = start(lambda connection: next(read(connection)))
    with pytest.raises(Unavailable) as caught:
        catalog.put("/", data=iter([b"x"]))
    assert caught.value.call.attempts == worker.accepted == 1
    assert caught.value.hint == "it was sent once, and may have been carried out"


def test_a_body_that_was_read_cannot_be_taken_elsewhere(catalog, start):
    """A neighbour that is too busy may have read of it, so it is not asked again."""
    busy = answer(status="503 S", headers=("X-Glassware-Refused: busy",))
    start(answering(lambda _: busy))
    with pytest.raises(Unavailable, match="too busy") as caught:
        catalog.post("/", data=iter([b"x"]))
    assert caught.value.call.attempts == 1


def test_an_error_within_a_body_is_the_callers(catalog, start):
    """It is raised as it is, and the neighbour gets no whole request."""
    got = []
    worker = start(answering(lambda request: got.append(request) or answer()))

    def broken():
        yield b"half"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        catalog.post("/", data=broken())
    until(lambda: worker.accepted == 1)
    with pytest.raises(TypeError, match="not str"):
        catalog.post("/", data=iter(["text"]))
    assert catalog.post("/", data=iter([b"whole"])).ok
    assert [request.body for request in got] == [b"whole"]
    assert edge_to("catalog").places.taken == 0


def test_an_answer_before_the_end_of_the_body(catalog, start):
    """A neighbour that refuses early is heard."""

    def serve(connection):
        connection.recv(65536)
        connection.sendall(answer(b"too large", "413 T", ("Connection: close",)))
        while connection.recv(65536):
            pass

    start(serve)

    def endless():
        while True:
            yield b"x" * 65536

    response = catalog.post("/", data=endless(), timeout=20)
    assert (response.status_code, response.text) == (413, "too large")
