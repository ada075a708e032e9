"""What is sent again, and what is not."""

import itertools
import threading
import time
from collections import Counter

import pytest

from glassware.environment import Policy
from glassware.errors import (
    BadAnswer,
    DeadlineExceeded,
    NotAllowed,
    Unavailable,
)
from glassware.service.client import services
from glassware.service.edge import edge_to
from service.http_worker import Asked, answer, answering, read


REPEATABLE = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]
BUSY = answer(status="503 Service Unavailable", headers=("X-Glassware-Refused: busy",))


def in_turn(*answers: bytes):
    """Return a server that gives one answer after the other, and the requests."""
    seen: list[Asked] = []
    left = iter(answers)

    def make(asked: Asked) -> bytes:
        seen.append(asked)
        return next(left)

    return answering(make), seen


def cutting(times: int):
    """Return a server that ends so many connections unanswered, and the requests."""
    seen: list[Asked] = []

    def serve(connection) -> None:
        for asked in read(connection):
            seen.append(asked)
            if len(seen) <= times:
                return
            connection.sendall(answer(b"" if asked.method == "HEAD" else b"there"))

    return serve, seen


@pytest.mark.parametrize("method", REPEATABLE)
def test_what_may_be_repeated_survives_two_lost_connections(catalog, start, method):
    """Two, and no more: the third is an error that says how often it was sent."""
    serve, seen = cutting(2)
    start(serve)
    response = catalog.request(method, "/")
    assert (response.status_code, response.attempts) == (200, 3)
    assert [request.method for request in seen] == [method] * 3


def test_the_third_lost_connection_is_an_error(catalog, start):
    """The error has counted, and a traceback shows it."""
    serve, seen = cutting(3)
    start(serve)
    with pytest.raises(Unavailable, match="closed the connection before") as caught:
        catalog.get("/x?y=1")
    assert len(seen) == 3
    call = caught.value.call
    assert (call.caller, call.neighbour, call.method) == (
        "storefront",
        "catalog",
        "GET",
    )
    assert (call.path, call.attempts) == ("/x", 3)
    assert 0 < call.seconds < 5
    assert caught.value.outcome_unknown
    assert caught.value.__notes__[0].startswith("sent 3 times in 0.")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_unknown_outcome_is_not_made_certain_by_force(catalog, start, method):
    """What may have been carried out is not sent again, and the error says so."""
    serve, seen = cutting(1)
    start(serve)
    with pytest.raises(Unavailable) as caught:
        catalog.request(method, "/", json=1)
    assert caught.value.outcome_unknown
    assert caught.value.hint == "it was sent once, and may have been carried out"
    assert (len(seen), caught.value.call.attempts) == (1, 1)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_key_makes_anything_repeatable(catalog, start, method):
    """The neighbour can tell a repetition: the same key and body, each time."""
    serve, seen = cutting(2)
    start(serve)
    key = {"idempotency-key": "k1"}
    assert catalog.request(method, "/", json={"a": 1}, headers=key).text == "there"
    assert [request.header("Idempotency-Key") for request in seen] == ["k1"] * 3
    assert {request.body for request in seen} == {b'{"a":1}'}


def test_a_key_of_the_visitor_promises_nothing(catalog, start, asked):
    """It goes onward, but this caller has not said that it counts here."""
    serve, seen = cutting(1)
    start(serve)
    asked(onward=(("Idempotency-Key", "theirs"),))
    with pytest.raises(Unavailable):
        catalog.post("/")
    assert [request.header("Idempotency-Key") for request in seen] == ["theirs"]


@pytest.mark.parametrize("status", ["502 B", "503 S", "504 G"])
def test_a_status_that_may_pass_is_tried_again(catalog, start, status):
    """Two failures and an answer make an answer."""
    failure = answer(b"no", status)
    serve, seen = in_turn(failure, failure, answer(b"yes"))
    start(serve)
    response = catalog.get("/")
    assert (response.text, response.attempts, len(seen)) == ("yes", 3, 3)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_status_that_lasts_is_an_answer(catalog, start, method):
    """The last answer is returned as it is; what may not be repeated gives one."""
    failures = (answer(b"%d" % n, "503 S") for n in itertools.count(1))
    start(answering(lambda _: next(failures)))
    response = catalog.request(method, "/")
    times = 3 if method == "GET" else 1
    assert (response.status_code, response.text) == (503, str(times))
    assert response.attempts == times
    with pytest.raises(BadAnswer) as caught:
        response.raise_for_status()
    assert caught.value.response is response
    assert caught.value.call.attempts == times


@pytest.mark.parametrize("status", ["400 B", "404 N", "429 T", "500 I", "501 N"])
def test_other_statuses_are_answers_at_once(catalog, start, status):
    """They would be no others a moment later."""
    serve, seen = in_turn(answer(b"no", status))
    start(serve)
    assert catalog.get("/").text == "no"
    assert len(seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_was_refused_may_try_again(catalog, start, method):
    """Nothing was started, so it does not matter what it is."""
    serve, seen = in_turn(BUSY, BUSY, answer(b"done"))
    start(serve)
    assert catalog.request(method, "/", data=b"x").text == "done"
    assert len(seen) == 3


def test_whoever_is_refused_each_time_is_told(catalog, start):
    """A neighbour that is too busy is unavailable, and it is known why."""
    start(answering(lambda _: BUSY))
    with pytest.raises(Unavailable, match=r"did not begin .* too busy") as caught:
        catalog.post("/")
    assert not caught.value.outcome_unknown
    assert caught.value.call.attempts == 3


@pytest.mark.parametrize(
    ("why", "status", "error"),
    [
        ("deadline", "504 G", DeadlineExceeded),
        ("identity", "401 U", NotAllowed),
        ("caller", "403 F", NotAllowed),
    ],
)
def test_other_refusals_are_final(catalog, start, why, status, error):
    """They are errors of their own, and sent once."""
    refused = answer(status=status, headers=(f"x-glassware-refused: {why}",))
    serve, seen = in_turn(refused)
    start(serve)
    with pytest.raises(error, match="`catalog` did not begin with `GET /`") as caught:
        catalog.get("/")
    assert caught.value.call.neighbour == "catalog"
    assert len(seen) == 1


def test_retry_after_is_obeyed(catalog, start):
    """The neighbour says when; nobody comes earlier."""
    times = []

    def make(_):
        times.append(time.monotonic())
        if len(times) == 1:
            return answer(status="503 S", headers=("Retry-After: 1",))
        return answer(b"now")

    start(answering(make))
    assert catalog.get("/").text == "now"
    assert times[1] - times[0] >= 1.0


def test_retry_after_beyond_the_deadline_ends_it(catalog, start):
    """There would be no time left, so the answer is returned at once."""
    serve, seen = in_turn(answer(b"no", "503 S", ("Retry-After: 60",)))
    start(serve)
    began = time.monotonic()
    assert catalog.get("/").text == "no"
    assert time.monotonic() - began < 5
    assert len(seen) == 1


def test_a_neighbour_can_have_another_number_of_retries(become, wire, folder, start):
    """`retries` of the manifest counts; 0 is none."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(retries=0)},
    )
    serve, seen = cutting(1)
    start(serve)
    with pytest.raises(Unavailable):
        services.catalog.get("/")
    assert len(seen) == 1
    assert seen[0].header("X-Glassware-Retry") is None


def test_only_the_outermost_caller_repeats(catalog, start, asked):
    """A caller that is called by one who repeats sends once, and says nothing."""
    serve, seen = cutting(1)
    start(serve)
    asked(caller="front", caller_retries=True)
    with pytest.raises(Unavailable):
        catalog.get("/")
    assert len(seen) == 1
    assert seen[0].header("X-Glassware-Retry") is None


def test_the_neighbour_is_told_who_repeats(catalog, start):
    """Its own calls are sent once, as long as this call may be repeated."""
    start(
        answering(lambda asked: answer(str(asked.header("X-Glassware-Retry")).encode()))
    )
    assert catalog.get("/").text == "no"
    assert catalog.put("/", data=b"x").text == "no"
    assert catalog.post("/").text == "None"
    assert catalog.post("/", headers={"Idempotency-Key": "1"}).text == "no"


def test_a_broken_connection_in_use_before_costs_one_attempt(catalog, start, asked):
    """What libcurl would send again by itself is an attempt like any other."""
    seen: Counter[str] = Counter()

    def serve(connection) -> None:
        for number, request in enumerate(read(connection)):
            seen[request.target] += 1
            if number == 1:
                return
            connection.sendall(answer())

    start(serve)
    catalog.get("/first")
    response = catalog.get("/second")
    assert (response.attempts, seen["/second"]) == (2, 2)
    catalog.get("/third")
    asked(caller_retries=True)
    with pytest.raises(Unavailable):
        catalog.get("/fourth")
    assert seen["/fourth"] == 1


@pytest.mark.parametrize("at_once", [1, 8, 40])
def test_a_storm_is_a_tenth_above_the_calm(become, wire, folder, start, at_once):
    """However many ask at once, a failing neighbour gets 1.1 times what was asked."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=0, at_once=64)},
    )
    served: Counter[str] = Counter()
    calls = 600

    def make(asked: Asked) -> bytes:
        served[asked.target] += 1
        return answer(status="503 S")

    start(answering(make))

    def ask() -> None:
        for _ in range(calls // at_once):
            assert services.catalog.get("/").status_code == 503

    threads = [threading.Thread(target=ask) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls < served["/"] <= calls * 1.1 + 10


def test_the_budget_is_that_of_one_neighbour(become, wire, folder, start):
    """Who calls by another spelling of the name takes from the same tokens."""
    become(calls=("price-list",), neighbours={"price-list": f"unix:{folder}/ready"})
    assert edge_to("price_list") is edge_to("price-list") is edge_to("PRICE-LIST")
