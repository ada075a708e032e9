"""A neighbour that keeps failing is left alone, and found again."""

import logging
import threading

import pytest

from glassware.environment import Policy
from glassware.errors import (
    BadAnswer,
    CircuitOpen,
    DeadlineExceeded,
    NotAllowed,
    Unavailable,
)
from glassware.service.client import services
from glassware.service.edge import edge_to
from service.http_worker import answer, answering, read
from waiting import until


class Mood:
    """A neighbour that does as it is told."""

    def __init__(self) -> None:
        self.now = "well"
        self.served = 0
        self.release = threading.Event()

    def serve(self, connection) -> None:
        """Answer, or not."""
        for _ in read(connection):
            self.served += 1
            match self.now:
                case "well":
                    connection.sendall(answer(b"well"))
                case "cuts":
                    return
                case "hangs":
                    self.release.wait(30)
                    return
                case status:
                    connection.sendall(answer(status=status))


@pytest.fixture
def mood(become, wire, folder, start):
    """The neighbour `catalog`: three failures are enough, and nothing is repeated."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=3, retries=0)},
    )
    mood = Mood()
    start(mood.serve)
    yield mood
    mood.release.set()


def fail(times: int, **options) -> None:
    """Call so often, whatever comes of it."""
    for _ in range(times):
        try:
            services.catalog.get("/", **options)
        except (Unavailable, DeadlineExceeded, BadAnswer, NotAllowed):
            continue


def over() -> None:
    """Let the pause be over now."""
    edge_to("catalog").breaker._again = 0.0


@pytest.mark.parametrize("how", ["cuts", "hangs", "502 B", "503 S", "504 G"])
def test_failures_in_a_row_open_the_circuit(mood, how):
    """Then calls fail at once, and the neighbour is not asked."""
    mood.now = how
    fail(3, timeout=0.2)
    assert mood.served == 3
    for _ in range(5):
        with pytest.raises(CircuitOpen) as caught:
            services.catalog.get("/")
    assert mood.served == 3
    message = caught.value.message
    assert message.startswith("`catalog` was not asked `GET /`: for 0")
    assert "it has been left alone, after 3 failures; the last: " in message
    assert caught.value.hint.startswith("it is tried again in ")
    assert caught.value.call.attempts == 0


@pytest.mark.parametrize("how", ["400 B", "404 N", "429 T", "500 I", "501 N"])
def test_answers_do_not_open_it(mood, how):
    """A neighbour that says no, or that has a bug, is there."""
    mood.now = how
    fail(10)
    assert mood.served == 10


def test_one_success_begins_the_count_anew(mood):
    """In a row, or not at all."""
    for _ in range(4):
        mood.now = "503 S"
        fail(2)
        mood.now = "well"
        assert services.catalog.get("/").text == "well"


def test_it_recovers_by_itself(mood):
    """After a pause one call finds out that all is well, and all go on."""
    mood.now = "503 S"
    fail(3)
    mood.now = "well"
    with pytest.raises(CircuitOpen):
        services.catalog.get("/")

    def answered():
        try:
            return services.catalog.get("/").text
        except CircuitOpen:
            return None

    assert until(answered) == "well"
    assert services.catalog.get("/").text == "well"


def test_one_call_is_enough_to_find_out(mood):
    """While it is under way, the others are held back."""
    mood.now = "503 S"
    fail(3)
    mood.now = "hangs"
    over()
    probe = threading.Thread(target=fail, args=(1,))
    probe.start()
    until(lambda: mood.served == 4)
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            services.catalog.get("/")
    mood.release.set()
    probe.join()
    assert mood.served == 4


def test_finding_out_is_tried_once(become, wire, folder, start):
    """The call that finds out is not repeated, whatever the policy says."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=1, retries=2)},
    )
    mood = Mood()
    mood.now = "503 S"
    start(mood.serve)
    fail(1)
    assert mood.served == 3
    over()
    fail(1)
    assert mood.served == 4


def test_an_error_of_ours_decides_nothing(mood):
    """A body that cannot be read says nothing about the neighbour."""
    mood.now = "503 S"
    fail(3)
    over()

    def broken():
        yield b"a"
        raise KeyError

    with pytest.raises(KeyError):
        services.catalog.post("/", data=broken())
    mood.now = "well"
    assert services.catalog.get("/").text == "well"


def test_no_place_decides_nothing(become, wire, folder, start):
    """A call that was to find out and got no place leaves that to the next one."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=1, at_once=1)},
    )
    start(answering(lambda _: answer(b"well")))
    edge = edge_to("catalog")
    assert edge.places.take(0)
    edge.breaker.failed(edge.breaker.admit(), "broken")
    over()
    with pytest.raises(Unavailable, match="1 calls to it were under way"):
        services.catalog.get("/", timeout=0.1)
    edge.places.give()
    assert services.catalog.get("/").text == "well"


def test_it_is_said_once(mood, caplog):
    """One warning when it opens, one line when it is over."""
    caplog.set_level(logging.INFO, "glassware.calls")
    mood.now = "503 S"
    fail(3)
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            services.catalog.get("/")
    mood.now = "well"
    over()
    services.catalog.get("/")
    services.catalog.get("/")
    opened, closed = [record.getMessage() for record in caplog.records]
    assert opened == (
        "`catalog` is left alone after 3 failures in a row; the last: it answered "
        "`GET /` with status 503"
    )
    assert closed == "`catalog` answers again"
