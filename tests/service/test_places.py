"""How many calls to one neighbour are under way at once."""

import threading
import time

import pytest

from glassware.environment import Policy
from glassware.errors import Unavailable
from glassware.service.client import services
from glassware.service.edge import edge_to
from glassware.service.places import Places
from service.http_worker import answer, answering
from waiting import until


def test_places_are_given_in_the_order_of_asking():
    """Whoever waited longest is next, and nobody overtakes."""
    places = Places(1)
    assert places.take(0)
    order, threads = [], []

    def wait(number: int) -> None:
        assert places.take(30)
        order.append(number)
        places.give()

    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda number=number: len(places._waiting) == number + 1)
    places.give()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert places.taken == 0


def test_never_more_than_there_are():
    """Many threads that come, wait a little and give up at times."""
    places = Places(3)
    inside, most, lock = 0, 0, threading.Lock()

    def come_and_go() -> None:
        nonlocal inside, most
        for turn in range(300):
            if places.take(0.0005 if turn % 3 else 1):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                places.give()

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 3
    assert (places.taken, len(places._waiting)) == (0, 0)


@pytest.fixture
def crowded(become, wire, folder, start):
    """A neighbour that hangs, with its two places taken."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(at_once=2)},
    )
    release = threading.Event()

    def hang(request):
        if request.target == "/hang":
            release.wait(30)
        return answer()

    start(answering(hang))
    threads = [
        threading.Thread(target=services.catalog.get, args=("/hang",)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    until(lambda: edge_to("catalog").places.taken == 2)
    yield release
    release.set()
    for thread in threads:
        thread.join()


def test_a_neighbour_that_hangs_does_not_occupy_everybody(crowded):
    """Past the limit a call waits for a second at most, then says why."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        services.catalog.get("/", timeout=30)
    assert time.monotonic() - began < 10
    assert caught.value.message == (
        "`catalog` was not asked `GET /`: 2 calls to it were under way, and none "
        "ended soon"
    )
    assert caught.value.hint == "`at_once` below `[neighbours.catalog]` is the limit"
    assert caught.value.call.attempts == 0


def test_half_of_the_time_is_left_for_the_call_itself(crowded):
    """Whoever has little time waits less."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        services.catalog.get("/", timeout=0.1)
    assert 0.05 <= time.monotonic() - began < 1


def test_whoever_waits_gets_the_place_that_becomes_free(crowded):
    """A short wait is no error."""
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(services.catalog.get("/")))
    waiting.start()
    until(lambda: len(edge_to("catalog").places._waiting) == 1)
    crowded.set()
    waiting.join()
    assert answers[0].ok
    until(lambda: edge_to("catalog").places.taken == 0)


def test_no_place_is_no_failure_of_the_neighbour(crowded):
    """The circuit does not open because the caller has too many calls."""
    for _ in range(6):
        with pytest.raises(Unavailable):
            services.catalog.get("/", timeout=0.02)
    crowded.set()
    until(lambda: edge_to("catalog").places.taken == 0)
    assert services.catalog.get("/").ok


class Slot:
    """A slot that writes down what happens to it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def lend(self) -> None:
        """Let another view run."""
        self.said.append("lend")

    def take_back(self) -> None:
        """Go on."""
        self.said.append("take back")


@pytest.mark.parametrize("fails", [False, True])
def test_the_slot_of_the_view_is_lent_meanwhile(catalog, start, asked, fails):
    """While a neighbour is waited for, another view runs; once for all attempts."""
    slot = Slot()
    asked(slot=slot)
    start(
        answering(
            lambda _: (
                slot.said.append("asked")
                or answer(status="503 S" if fails else "200 OK")
            )
        )
    )
    catalog.get("/")
    assert slot.said == ["lend", *["asked"] * (3 if fails else 1), "take back"]


def test_a_slot_comes_back_after_an_error(catalog, folder, asked):
    """Whatever happens."""
    slot = Slot()
    asked(slot=slot)
    with pytest.raises(Unavailable):
        catalog.get("/", timeout=0.05)
    assert slot.said == ["lend", "take back"]
