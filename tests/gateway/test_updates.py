"""Updates reach Envoy without a request lost, and a bad one is named."""

import asyncio
import threading
from collections import Counter
from typing import Self

import pytest

from gateway.backend import backend
from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import ask
from gateway.kinds import Site, Start
from glassware.errors import GatewayError
from glassware.gateway import Gateway, Place, Upstream
from glassware.gateway.limits import Limits
from glassware.status import Phase
from waiting import until


class Visitors:
    """Threads that ask without a pause, and count the answers."""

    def __init__(self, site: EnvoySite, *, method: str) -> None:
        self.answers: Counter[object] = Counter()
        self._site = site
        self._method = method
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def until_more(self, count: int) -> None:
        """Return after so many more answers."""
        enough = self.answers.total() + count
        until(lambda: self.answers.total() > enough, "answers")

    def _ask(self) -> None:
        body = b"x" * 100 if self._method == "POST" else b""
        while not self._end.is_set():
            answer = ask(self._site.port, "/", method=self._method, body=body)
            self.answers[answer.status] += 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_is_lost_while_workers_change(
    site: Site, worker: Start, method: str
) -> None:
    """New beside old, told, taken: then the old worker may end."""
    made = site(public("front", "/"))
    folder = made.place.folder.parent
    first = worker("worker0")
    made.start(running("front", first.target))
    with Visitors(made, method=method) as visitors:
        for number in range(1, 15):
            new = backend(f"worker{number}", folder / f"worker{number}.sock")
            with new as now:
                made.update(running("front", now.target))
                visitors.until_more(20)
                made.update(running("front", first.target))

    assert set(visitors.answers) == {200}


def test_the_answers_change_with_the_update(site: Site, worker: Start) -> None:
    """After `wait`, nobody meets the old worker any more."""
    made = site(public("front", "/"))
    workers = [worker("a"), worker("b")]
    made.start(running("front", workers[0].target))
    for number in range(1, 30):
        now = workers[number % 2]

        made.update(running("front", now.target))

        assert {made.ask("/").json()["backend"] for _ in range(3)} == {now.name}


def test_what_has_not_changed_is_not_written(site: Site, worker: Start) -> None:
    """The same state twice touches no file."""
    made = site(public("front", "/"))
    upstream = running("front", worker("front").target)
    first = made.gateway.update([upstream])
    before = made.place.resource("routes").stat().st_mtime_ns

    assert made.gateway.update([upstream]) == first
    assert made.place.resource("routes").stat().st_mtime_ns == before


def test_an_update_that_envoy_refuses_is_told_in_its_words(
    site: Site, worker: Start
) -> None:
    """The error names the fault; the site keeps what it had, and mends."""
    made = site(public("front", "/"))
    good = running("front", worker("front").target)
    made.start(good)

    version = made.gateway.update([running("front", ("not an address", 80))])

    with pytest.raises(GatewayError, match="not an address"):
        made.settle(version)
    assert made.ask("/").status == 200
    made.update(good)


def test_a_taken_address_is_told_and_harms_nothing(site: Site, worker: Start) -> None:
    """A plain TCP address that belongs to another does not stop the site."""
    other = backend("other", None)
    with other as holder:
        made = site(public("front", "/"))
        target = worker("front").target
        made.start(running("front", target))
        _, port = holder.target

        version = made.gateway.update(
            [running("front", target, address=("127.0.0.1", port))]
        )

        with pytest.raises(GatewayError, match=f"127.0.0.1:{port}"):
            made.settle(version)
        assert made.ask("/").status == 200


def test_envoy_itself_judges_a_configuration_first(site: Site) -> None:
    """`validate` says what is wrong, before anything is written."""
    made = site(public("front", "/"))

    with pytest.raises(GatewayError, match="not an address"):
        made.gateway.validate([running("front", ("not an address", 80))])

    assert not made.place.resource("clusters").exists()


def test_an_envoy_that_is_gone_is_an_error_with_its_socket(site: Site) -> None:
    """Who asks for a version of an Envoy that ended is told so."""
    made = site(public("front", "/"))
    version = made.gateway.update([])

    assert not made.gateway.ready()
    with pytest.raises(GatewayError, match=r"admin\.sock"):
        asyncio.run(made.gateway.wait(version))


def test_a_second_envoy_takes_over_after_a_crash(site: Site, worker: Start) -> None:
    """What a killed Envoy left behind is no hindrance."""
    made = site(public("front", "/"))
    upstream = running("front", worker("front").target)
    made.start(upstream)
    bad = made.gateway.update([running("front", ("bad", 80))])
    with pytest.raises(GatewayError):
        made.settle(bad)
    assert made.process is not None
    made.process.kill()
    made.process.wait()

    made.start(upstream)

    assert made.ask("/").status == 200


def test_two_envoys_never_share_a_port(site: Site, worker: Start) -> None:
    """The second ends with an error, and no request goes to it."""
    first, second = site(public("front", "/")), site(public("front", "/"))
    first.start(running("front", worker("front").target))
    second.gateway = Gateway(
        Place(folder=second.place.folder, plan=second.place.plan, port=first.port)
    )

    second.gateway.update([])
    status = second.run_to_end()

    assert status != 0
    assert "Address already in use" in second.log.read_text()
    assert first.ask("/").status == 200


def test_a_hundred_services_need_few_watchers(site: Site) -> None:
    """Envoy spends an inotify instance on each file; a user has 128 of them."""
    made = site(*(public(f"s{number}", f"/s{number}") for number in range(100)))
    made.start(
        *(Upstream(name=f"s{number}", phase=Phase.REPLACING) for number in range(100))
    )

    assert made.watchers() == 4


def test_a_path_too_long_for_a_socket_is_an_error(site: Site) -> None:
    """The way out is named before anything is started."""
    place = site().place
    long = place.folder / ("x" * 100)

    with pytest.raises(GatewayError, match="too long"):
        Gateway(Place(folder=long, plan=place.plan, port=1, limits=Limits()))
