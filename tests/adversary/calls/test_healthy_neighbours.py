"""A circuit is for neighbours that fail, and not for callers in a hurry."""

import threading

import pytest

from glassware.current import Incoming, incoming
from glassware.environment import Policy
from glassware.errors import CircuitOpen, DeadlineExceeded, NotAllowed
from glassware.service.client import services
from glassware.service.usual import HALF_LIFE, Usual
from service.http_worker import answer, answering, read


SLOW = 0.3


@pytest.fixture
def catalog(become, wire, folder):
    """The neighbour `catalog`: three failures are enough, and nothing is repeated."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=3, retries=0)},
    )
    (folder / "ready").mkdir()


@pytest.fixture
def slow(catalog, start):
    """It answers well, and needs a moment for it; or it never answers again."""
    hanging, release = threading.Event(), threading.Event()

    def serve(connection):
        for _ in read(connection):
            if release.wait(30 if hanging.is_set() else SLOW):
                return
            connection.sendall(answer(b"well"))

    start(serve)
    yield hanging
    release.set()


def always(body=b"", **head):
    """Return what answers everything alike."""
    return answering(lambda _: answer(body, **head))


def fail(times, timeout):
    """Call so often, without an answer."""
    for _ in range(times):
        with pytest.raises(DeadlineExceeded):
            services.catalog.get("/", timeout=timeout)


def test_haste_opens_no_circuit(slow):
    """Five visitors who wait for less than it takes do not cut off all others."""
    assert services.catalog.get("/").text == "well"
    fail(6, SLOW / 10)
    assert services.catalog.get("/").text == "well"


def test_a_neighbour_that_hangs_is_found_out_all_the_same(slow):
    """By those who wait for longer than it ever took."""
    assert services.catalog.get("/").text == "well"
    slow.set()
    fail(3, SLOW * 3)
    with pytest.raises(CircuitOpen):
        services.catalog.get("/")


def test_who_gives_half_of_the_usual_time_is_believed(slow, become, folder):
    """However slow the neighbour was before."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=3, retries=0, timeout=SLOW * 1.5)},
    )
    assert services.catalog.get("/").text == "well"
    slow.set()
    fail(3, SLOW * 0.8)
    with pytest.raises(CircuitOpen):
        services.catalog.get("/")


def test_what_was_slow_once_is_forgotten():
    """Little by little, until haste is a failure again."""
    now = [0.0]
    usual = Usual(lambda: now[0])
    usual.note(4.0)
    usual.note(0.1)
    assert usual.slowest == 4.0
    now[0] = 2 * HALF_LIFE
    assert usual.slowest == 1.0
    usual.note(1.5)
    assert usual.slowest == 1.5


def test_a_worker_that_has_come_is_tried_at_once(catalog, start):
    """Who has mended a service sees it with the next request, not ten seconds later."""
    first = start(always(status="503 Service Unavailable"), name="1.0")
    for _ in range(3):
        assert services.catalog.get("/").status_code == 503
    with pytest.raises(CircuitOpen):
        services.catalog.get("/")
    first.path.unlink()
    with pytest.raises(CircuitOpen):
        services.catalog.get("/")

    start(always(b"mended"), name="2.0")

    assert services.catalog.get("/").text == "mended"


def test_a_worker_that_has_come_is_tried_once(catalog, start):
    """It may be no better than the one before."""
    broken = always(status="503 Service Unavailable")
    start(broken, name="1.0")
    for _ in range(3):
        services.catalog.get("/")
    start(broken, name="2.0")
    assert services.catalog.get("/").status_code == 503
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            services.catalog.get("/")


def test_a_program_that_a_service_starts_is_told_why_it_may_not_call(catalog, start):
    """Its worker keeps the key: that is no matter of two sites."""
    refused = ("X-Glassware-Refused: identity",)
    start(always(status="401 Unauthorized", headers=refused))
    with pytest.raises(NotAllowed, match=r"\[processes\]"):
        services.catalog.get("/")


def test_a_circle_is_told(slow):
    """Two services of one thread each that call each other wait for themselves."""
    slow.set()
    token = incoming.set(Incoming(via=("catalog", "cart")))
    try:
        with pytest.raises(DeadlineExceeded) as caught:
            services.catalog.get("/", timeout=0.1)
    finally:
        incoming.reset(token)
    assert "catalog → cart → storefront → catalog" in caught.value.hint
    assert "threads" in caught.value.hint
