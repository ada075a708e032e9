"""How long a call may take, and what its neighbour is told of it."""

import threading
import time

import flask
import pytest

from glassware import deadline
from glassware.environment import Policy
from glassware.errors import DeadlineExceeded, Unavailable
from glassware.protocol import Clocks, read_deadline, write_deadline
from glassware.service.client import services
from service.http_worker import answer, answering, read


HEADER = "X-Glassware-Deadline"


def telling():
    """Return a server that answers with the seconds that it was told of."""

    def make(asked):
        left = read_deadline(asked.header(HEADER), Clocks())
        return answer(str(left).encode())

    return answering(make)


def told(neighbour, **options) -> float:
    """Return the seconds that the neighbour was told of."""
    return float(neighbour.get("/", **options).text)


def test_every_call_has_a_limit_and_says_it(catalog, start):
    """Ten seconds where nobody says anything, else what was said."""
    start(telling())
    assert 9 < told(catalog) <= 10
    assert 2 < told(catalog, timeout=3) <= 3


def test_the_manifest_can_say_another(become, wire, folder, start):
    """`timeout` of the neighbour takes the place of ten seconds."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(timeout=4.0)},
    )
    start(telling())
    assert 3 < told(services.catalog) <= 4
    assert 6 < told(services.catalog, timeout=7) <= 7


def test_a_call_gets_what_its_request_has_left(catalog, start, asked):
    """It can have less, never more."""
    start(telling())
    asked(deadline=time.monotonic() + 2)
    assert 1 < told(catalog) <= 2
    assert 1 < told(catalog, timeout=60) <= 2
    assert 0 < told(catalog, timeout=1) <= 1
    asked(deadline=None)
    assert 9 < told(catalog) <= 10


def test_nothing_is_sent_without_time(catalog, start, asked):
    """The error comes at once, and nobody was asked."""
    worker = start(telling())
    asked(deadline=time.monotonic() - 1)
    with pytest.raises(DeadlineExceeded) as caught:
        catalog.post("/x")
    assert caught.value.message == (
        "`catalog` was not asked `POST /x`: no time was left"
    )
    assert not caught.value.outcome_unknown
    assert caught.value.call.attempts == 0
    assert worker.accepted == 0


def test_the_error_tells_whose_time_was_over(catalog, start, asked):
    """That of the request being answered, or that of the call itself."""
    enough = threading.Event()
    start(answering(lambda _: answer(str(enough.wait(30)).encode())))
    asked(deadline=time.monotonic() + 0.1)
    with pytest.raises(DeadlineExceeded) as caught:
        catalog.get("/")
    assert caught.value.hint.startswith("the request being answered had no more time")
    assert "`timeout` of its route" in caught.value.hint
    assert caught.value.outcome_unknown
    asked(deadline=time.monotonic() + 60)
    with pytest.raises(DeadlineExceeded) as caught:
        catalog.get("/", timeout=0.1)
    assert caught.value.hint is None
    with pytest.raises(DeadlineExceeded) as caught:
        catalog.post("/", timeout=0.1)
    assert caught.value.hint == "it was sent once, and may have been carried out"
    enough.set()


def test_each_attempt_says_what_remains(catalog, start):
    """The second attempt has less time than the first."""
    seen = []

    def serve(connection):
        for request in read(connection):
            seen.append(read_deadline(request.header(HEADER), Clocks()))
            if len(seen) == 1:
                threading.Event().wait(0.05)
                return
            connection.sendall(answer())

    start(serve)
    catalog.get("/", timeout=5)
    assert 4 < seen[1] <= seen[0] - 0.04


def test_retries_end_at_the_deadline(catalog, start):
    """However often it might be sent, the time of the call is the limit."""

    def serve(connection):
        next(read(connection))
        threading.Event().wait(0.15)

    start(serve)
    began = time.monotonic()
    with pytest.raises((DeadlineExceeded, Unavailable)):
        catalog.get("/", timeout=0.2)
    assert time.monotonic() - began < 2


def test_what_remains_can_be_asked_for(asked):
    """Seconds, never below none; or nothing where nobody waits."""
    assert deadline.remaining() is None
    asked(deadline=time.monotonic() + 5)
    assert 4 < deadline.remaining() <= 5
    asked(deadline=time.monotonic() - 5)
    assert deadline.remaining() == 0.0


def test_a_block_can_have_less_time(catalog, start, asked):
    """All calls in it share the time; an inner block never has more."""
    start(telling())
    with deadline.within(3):
        assert 2 < told(catalog) <= 3
        with deadline.within(60):
            assert 2 < deadline.remaining() <= 3
        asked(deadline=time.monotonic() + 1)
        assert 0 < told(catalog) <= 1
    asked(deadline=None)
    assert deadline.remaining() is None
    with pytest.raises(ValueError, match="no time limit"), deadline.within(0):
        pass


def test_a_block_ends_with_its_error():
    """The limit of a block that fails does not stay."""
    with pytest.raises(KeyError), deadline.within(3):
        raise KeyError
    assert deadline.remaining() is None


def test_under_plain_flask_the_request_says_it(catalog, start):
    """Without a worker the header is read from Flask's request, once."""
    start(telling())
    app = flask.Flask("storefront")
    headers = {HEADER: write_deadline(2)}
    with app.test_request_context("/", headers=headers):
        first = deadline.remaining()
        assert 1 < first <= 2
        assert 1 < told(catalog) <= first
        assert deadline.remaining() < first
    with app.test_request_context("/"):
        assert deadline.remaining() is None
        assert 9 < told(catalog) <= 10


def test_the_wall_clock_may_be_set(catalog, start, monkeypatch):
    """Two hours forward or back change nothing between two calls."""
    start(answering(lambda _: answer()))
    real = time.time
    for jump in (7200.0, -10.0, -7200.0):
        monkeypatch.setattr(time, "time", lambda by=jump: real() + by)
        with deadline.within(5):
            assert catalog.get("/").attempts == 1
            assert 4 < deadline.remaining() <= 5
