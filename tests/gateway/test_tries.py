"""What breaks off is sent again where that is safe, once, and else says so."""

import threading
from dataclasses import dataclass

import pytest
from websockets.sync.client import connect as websocket

from gateway.backend import Backend
from gateway.envoy_site import EnvoySite, fresh_port, public, running
from gateway.exchange import ask
from gateway.kinds import Site, Start
from glassware.gateway import Pair, Upstream
from glassware.gateway.limits import MIB
from glassware.status import Phase
from waiting import until


HTML = {"Accept": "text/html"}
KEY = {"Idempotency-Key": "7"}
ONCE = [("POST", {}), ("PATCH", {})]
TWICE = [
    *((method, {}) for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")),
    *((method, KEY) for method in ("POST", "PATCH")),
]


@dataclass
class Many:
    """A service with six workers: in public, at its own address, at a pair's."""

    site: EnvoySite
    workers: list[Backend]
    doors: dict[str, int]

    def sent(self) -> int:
        """Return how many requests reached the workers, and begin to count anew."""
        counts = [len(worker.seen) for worker in self.workers]
        for worker in self.workers:
            worker.seen.clear()
        return sum(counts)


@pytest.fixture
def many(site: Site, worker: Start) -> Many:
    """Start it."""
    made = site(public("front", "/"))
    workers = [worker(f"front{number}") for number in range(6)]
    doors = {"public": made.port, "address": fresh_port(), "pair": fresh_port()}
    made.start(
        running(
            "front",
            *(each.target for each in workers),
            address=("127.0.0.1", doors["address"]),
            pairs=(Pair(caller="a", address=("127.0.0.1", doors["pair"]), timeout=5),),
        )
    )
    return Many(made, workers, doors)


@pytest.mark.parametrize(("method", "headers"), TWICE)
def test_what_may_be_repeated_is_sent_twice_at_most(
    many: Many, method: str, headers: dict[str, str]
) -> None:
    """A request that breaks its worker does not break them all."""
    answer = many.site.ask("/broken", method=method, headers=headers)

    assert many.sent() == 2
    assert answer.status == 503
    assert "outcome" not in answer.headers
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(("method", "headers"), ONCE)
def test_what_may_not_be_repeated_is_sent_once_and_says_so(
    many: Many, method: str, headers: dict[str, str]
) -> None:
    """The answer says that the outcome is unknown, and invites to no other try."""
    answer = many.site.ask("/broken", method=method, headers=headers, body=b"x")

    assert many.sent() == 1
    assert (answer.status, answer.headers["outcome"]) == (503, "unknown")
    assert "retry-after" not in answer.headers
    assert answer.text == "The service broke off, and the outcome is unknown\n"
    page = many.site.ask("/broken", method=method, headers=headers | HTML, body=b"x")
    assert "it is not sent again" in page.text
    assert "http-equiv" not in page.text


@pytest.mark.parametrize("door", ["public", "address", "pair"])
def test_it_is_the_same_at_every_door(many: Many, door: str) -> None:
    """For visitors and for the site's own programs."""
    port = many.doors[door]

    assert ask(port, "/broken").status == 503
    assert many.sent() == 2
    assert ask(port, "/broken", method="POST").headers["outcome"] == "unknown"
    assert many.sent() == 1


def test_what_breaks_after_it_has_waited_is_sent_once(
    site: Site, worker: Start
) -> None:
    """A request that found no worker at first is not sent twice for that."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=Phase.RUNNING))
    statuses: list[int] = []
    asking = threading.Thread(
        target=lambda: statuses.append(made.ask("/broken").status)
    )
    asking.start()
    until(lambda: made.count("cluster.waiting.front.upstream_rq_retry"), "a try")

    backend = worker("front")
    made.update(running("front", backend.target))
    asking.join()

    assert statuses == [503]
    assert backend.seen == ["/broken"]


def test_a_busy_worker_gives_way_to_another(many: Many) -> None:
    """Once, for every method: whoever refuses has started nothing."""
    for method in ("GET", "POST"):
        answer = many.site.ask("/busy", method=method, body=b"x" * MIB)

        assert many.sent() == 2
        assert (answer.status, answer.body) == (503, b"busy")
        assert answer.headers["retry-after"] == "1"
        assert "outcome" not in answer.headers


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_is_never_asked_for_again(many: Many, status: int) -> None:
    """What a service says is passed on, whoever may be willing to try again."""
    assert many.site.ask(f"/status/{status}").status == status


def test_too_slow_an_answer_to_a_post_is_of_unknown_outcome(
    site: Site, worker: Start
) -> None:
    """It had been sent; a GET may simply be asked again."""
    backend = worker("front")
    made = site(public("front", "/", timeout=0.4))
    made.start(running("front", backend.target))

    post, get = (made.ask("/hang", method=method) for method in ("POST", "GET"))

    assert (post.status, post.headers["outcome"]) == (504, "unknown")
    assert get.status == 504
    assert "outcome" not in get.headers
    assert backend.seen == ["/hang", "/hang"]


def test_nobody_there_is_no_unknown_outcome(site: Site) -> None:
    """What was never sent was not carried out, and may be tried later."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=Phase.RUNNING))

    answer = made.ask("/", method="POST", body=b"x", seconds=15)

    assert answer.status == 503
    assert "outcome" not in answer.headers
    assert answer.headers["retry-after"] == "2"


def test_a_websocket_waits_for_a_worker(site: Site, worker: Start) -> None:
    """Its first request is held like any other, and then it is open."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=Phase.RUNNING))
    said: list[object] = []

    def talk() -> None:
        with websocket(f"ws://localhost:{made.port}/socket") as socket:
            socket.send("hello")
            said.append(socket.recv(timeout=5))

    talking = threading.Thread(target=talk)
    talking.start()
    until(lambda: made.count("cluster.waiting.front.upstream_rq_retry"), "a try")
    made.update(running("front", worker("front").target))
    talking.join()

    assert said == ["front:hello"]
