"""What a visitor meets while a service has no worker, or a slow or broken one."""

import threading
from collections.abc import Callable

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import Answer
from gateway.kinds import Site, Start
from glassware.gateway import Upstream
from glassware.gateway.limits import Limits
from glassware.status import Phase
from waiting import until


HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
BODY = b"x" * 3_000_000


class Asked:
    """A request on its way, in a thread of its own."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=lambda: self._answers.append(ask()))
        self._thread.start()

    def answer(self) -> Answer:
        """Return what came in the end."""
        self._thread.join()
        return self._answers[0]


def held(site: EnvoySite) -> bool:
    """Tell whether Envoy has tried a request a second time."""
    return site.count("cluster.front.upstream_rq_retry") > 0


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", BODY)])
def test_a_request_waits_for_a_worker_that_comes(
    site: Site, worker: Start, method: str, body: bytes
) -> None:
    """A socket that is not there yet is tried again, also with a body."""
    made = site(public("front", "/"))
    made.start(running("front", made.place.folder.parent / "front.sock"))
    asked = Asked(lambda: made.ask("/late", method=method, body=body))
    until(lambda: held(made), "a second try")

    backend = worker("front")

    answer = asked.answer().json()
    assert answer["length"] == len(body)
    assert backend.seen == ["/late"]


@pytest.mark.parametrize("phase", [Phase.REPLACING, Phase.RUNNING, Phase.RELOADING])
@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", BODY)])
def test_a_request_waits_for_a_worker_at_another_place(
    site: Site, worker: Start, phase: Phase, method: str, body: bytes
) -> None:
    """A request that is held finds the worker that an update brings."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=phase))
    asked = Asked(lambda: made.ask("/late", method=method, body=body))
    until(lambda: held(made), "a second try")

    made.update(running("front", worker("new").target))

    assert asked.answer().json()["backend"] == "new"


def test_nobody_waits_for_ever(site: Site) -> None:
    """After about five seconds the answer is a 503 that says so."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=Phase.REPLACING))

    answer = made.ask("/", seconds=15)

    assert answer.status == 503
    assert answer.body == b"The service does not answer\n"
    assert made.count("cluster.waiting.front.upstream_rq_retry") == Limits().tries


def test_a_broken_get_is_repeated_and_a_post_is_not(site: Site, worker: Start) -> None:
    """Only what is safe to repeat is sent a second time."""
    backend = worker("front")
    made = site(public("front", "/"))
    made.start(running("front", backend.target))

    assert made.ask("/reset").body == b"at last"
    assert backend.seen == ["/reset", "/reset"]
    backend.seen.clear()
    assert made.ask("/reset", method="POST", body=b"x").status == 503
    assert backend.seen == ["/reset"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slow_answer_is_given_up_and_not_asked_for_again(
    site: Site, worker: Start, method: str
) -> None:
    """`timeout` bounds the wait for the first byte."""
    backend = worker("front")
    made = site(public("front", "/", timeout=0.4))
    made.start(running("front", backend.target))

    answer = made.ask("/hang", method=method, body=b"x" if method == "POST" else b"")

    assert answer.status == 504
    assert answer.body == b"The service takes too long\n"
    assert backend.seen == ["/hang"]


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.STARTING])
def test_a_starting_service_is_a_page_that_reloads_itself(
    site: Site, worker: Start, phase: Phase
) -> None:
    """A browser sees it at once; a program waits for the answer."""
    made = site(public("front", "/"))
    made.start(Upstream(name="front", phase=phase))
    asked = Asked(lambda: made.ask("/program"))
    until(lambda: held(made), "a second try")

    page = made.ask("/", headers=HTML)

    assert (page.status, page.headers["retry-after"]) == (503, "1")
    assert '<meta http-equiv="refresh" content="1">' in page.text
    assert "front is starting" in page.text
    made.update(running("front", worker("front").target))
    assert made.ask("/", headers=HTML).status == 200
    assert asked.answer().status == 200


def test_a_failing_service_shows_why_while_it_is_written(site: Site) -> None:
    """The traceback is in the page, as text and never as markup."""
    made = site(public("front", "/"))
    reason = "Traceback:\n  NameError: <script>100%</script> %REQ(cookie)%"
    made.start(Upstream(name="front", phase=Phase.FAILING, reason=reason))

    page = made.ask("/x", headers=HTML)

    assert (page.status, page.headers["retry-after"]) == (503, "2")
    assert "&lt;script&gt;100%&lt;/script&gt; %REQ(cookie)%" in page.text
    assert "<script>" not in page.text
    assert made.ask("/x").body == b"front does not start\n"
    assert made.ask("/x", headers={"Accept": "application/json"}).json() == {
        "error": "front does not start",
        "status": 503,
    }


def test_a_huge_traceback_keeps_its_end(site: Site) -> None:
    """A page is never so long that Envoy refuses it."""
    made = site(public("front", "/"))
    reason = "<&>" * 400_000 + "the end"
    made.start(Upstream(name="front", phase=Phase.FAILING, reason=reason))

    assert "the end" in made.ask("/", headers=HTML).text


def test_a_visitor_of_production_learns_no_reason(site: Site) -> None:
    """A traceback is for the people who write the service."""
    made = site(public("front", "/"), hosts=("shop.test",), production=True)
    made.start(Upstream(name="front", phase=Phase.FAILING, reason="the secret"))

    page = made.ask("/", headers={**HTML, "Host": "shop.test"})

    assert page.status == 503
    assert page.body == b"The service does not answer\n"


def test_one_failing_service_leaves_the_others_alone(site: Site, worker: Start) -> None:
    """Its address is a 503, theirs answer."""
    made = site(public("front", "/"), public("back", "/back"))
    made.start(
        running("front", worker("front").target),
        Upstream(name="back", phase=Phase.FAILING, reason="x"),
    )

    assert [made.ask(path).status for path in ("/", "/back")] == [200, 503]


def test_a_worker_that_died_is_left_out(site: Site, worker: Start) -> None:
    """With two workers, one that is gone costs no visitor an answer."""
    made = site(public("front", "/"))
    gone = made.place.folder.parent / "gone.sock"
    made.start(running("front", worker("front").target, gone))

    statuses = {made.ask("/", method="POST", body=b"x").status for _ in range(40)}

    assert statuses == {200}
    until(
        lambda: made.count("cluster.front.outlier_detection.ejections_active"),
        "the ejection of the dead worker",
    )
