"""Several functions at once, under one deadline."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextvars import ContextVar

import flask
import pytest

from glassware import deadline, gather, services
from glassware.current import incoming
from glassware.errors import DeadlineExceeded
from glassware.service import rounds
from glassware.service.pool import Pool
from service.http_worker import answer, answering
from service.test_places import Slot
from waiting import until


@pytest.fixture
def release():
    """Ends what hangs."""
    event = threading.Event()
    yield event
    event.set()


def test_results_come_in_the_order_of_the_functions(release):
    """Whoever is done first."""

    def slow():
        release.wait(30)
        return "slow"

    def fast():
        release.set()
        return "fast"

    assert gather(slow, fast) == ("slow", "fast")
    assert gather(*[lambda n=n: n for n in range(100)]) == tuple(range(100))
    assert gather() == ()


def test_they_run_at_the_same_time():
    """Each waits until all the others are there."""
    meeting = threading.Barrier(5, timeout=30)
    gather(*[meeting.wait] * 5)


def test_the_context_is_a_copy_of_the_callers():
    """What was set before is seen, what is set within stays there."""
    variable: ContextVar[str] = ContextVar("variable", default="none")
    variable.set("caller")

    def change(name: str) -> tuple[str, str]:
        before = variable.get()
        variable.set(name)
        return before, variable.get()

    assert gather(lambda: change("a"), lambda: change("b")) == (
        ("caller", "a"),
        ("caller", "b"),
    )
    assert variable.get() == "caller"


def test_flask_works_inside():
    """`request`, `g` and `current_app` are those of the view."""
    app = flask.Flask("storefront")

    @app.get("/<name>")
    def view(name):
        flask.g.name = name
        return list(
            gather(
                lambda: flask.request.path,
                lambda: flask.g.name,
                lambda: flask.current_app.name,
                lambda: flask.url_for("view", name="other"),
            )
        )

    answers = app.test_client().get("/tea").json
    assert answers == ["/tea", "tea", "storefront", "/other"]


def test_it_works_in_an_asynchronous_view():
    """As it is, or in a thread where others must not wait."""
    app = flask.Flask("storefront")

    @app.get("/")
    async def view():
        first = gather(lambda: flask.request.path, lambda: 2)
        second = await asyncio.to_thread(gather, lambda: flask.request.path)
        return [*first, *second]

    assert app.test_client().get("/").json == ["/", 2, "/"]


def test_the_first_failure_ends_it(release):
    """It is raised at once; what has begun is left to end."""
    ended = threading.Event()

    def hang():
        release.wait(30)
        ended.set()

    def fail():
        raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        gather(hang, fail)
    assert not ended.is_set()
    release.set()
    assert ended.wait(10)


def test_what_has_not_begun_never_does(monkeypatch, release):
    """A failure saves the work that would be for nothing."""
    monkeypatch.setattr(rounds, "_pool", Pool(2))
    begun: Counter[str] = Counter()

    def hang():
        begun["hang"] += 1
        release.wait(30)

    def fail():
        until(lambda: begun["hang"] == 1)
        raise KeyError

    def more():
        begun["more"] += 1

    threading.Timer(0.2, release.set).start()
    with pytest.raises(KeyError):
        gather(hang, fail, hang, *[more] * 50)
    assert begun["more"] == 0


def test_a_failure_can_be_a_result():
    """Then the others are left alone."""
    error = KeyError("a")

    def fail():
        raise error

    assert gather(fail, lambda: 2, return_exceptions=True) == (error, 2)


def test_an_exit_is_no_result():
    """What is meant to end the program is raised, whatever was asked for."""
    with pytest.raises(SystemExit):
        gather(sys.exit, return_exceptions=True)


def test_all_share_one_deadline(release):
    """The caller goes on at the time limit, with an error or what there is."""
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        gather(lambda: release.wait(30), lambda: 2, timeout=0.1)
    assert time.monotonic() - began < 5
    assert caught.value.message == "1 of 2 gathered functions were not done in time"
    late, done = gather(
        lambda: release.wait(30), lambda: 2, timeout=0.1, return_exceptions=True
    )
    assert isinstance(late, DeadlineExceeded)
    assert done == 2


def test_calls_inside_have_no_more_time_than_all(asked):
    """Neither more than the request, nor more than was given."""
    asked(deadline=time.monotonic() + 5)
    (left,) = gather(deadline.remaining)
    assert 4 < left <= 5
    (left,) = gather(deadline.remaining, timeout=2)
    assert 1 < left <= 2
    (left,) = gather(deadline.remaining, timeout=60)
    assert 4 < left <= 5
    asked(deadline=time.monotonic() - 1)
    with pytest.raises(DeadlineExceeded, match="1 of 1"):
        gather(deadline.remaining)


def test_the_slot_of_the_view_is_lent_once(catalog, start, asked):
    """However many calls are made, the view has one slot."""
    slot = Slot()
    asked(slot=slot)
    start(answering(lambda _: answer()))
    gather(*[lambda: services.catalog.get("/")] * 5)
    assert slot.said == ["lend", "take back"]
    with pytest.raises(ZeroDivisionError):
        gather(lambda: 1 / 0)
    assert slot.said == ["lend", "take back"] * 2


def test_calls_inside_belong_to_the_same_request(catalog, start, asked):
    """One trace, and one list of calls."""
    traces = []
    start(
        answering(
            lambda request: traces.append(request.header("traceparent")) or answer()
        )
    )
    request = asked()
    gather(*[lambda: services.catalog.get("/")] * 5)
    assert len({trace.split("-")[1] for trace in traces}) == 1
    assert gather(lambda: incoming.get().calls is request.calls) == (True,)


def test_gathers_in_gathers_never_wait_for_each_other(monkeypatch):
    """Where every thread is busy the caller does the work itself."""
    monkeypatch.setattr(rounds, "_pool", Pool(3))

    def tree(depth: int) -> int:
        if depth == 0:
            return 1
        return sum(gather(*[lambda: tree(depth - 1)] * 4))

    assert tree(4) == 4**4


def test_many_gathers_at_once_share_few_threads(monkeypatch):
    """There are never more threads than the pool may have."""
    monkeypatch.setattr(rounds, "_pool", Pool(4))
    seen: set[threading.Thread] = set()

    def note() -> None:
        seen.add(threading.current_thread())

    callers = [
        threading.Thread(target=lambda: [gather(*[note] * 5) for _ in range(50)])
        for _ in range(6)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(seen - set(callers)) <= 4


def test_threads_end_when_they_are_not_needed(monkeypatch):
    """An idle process keeps none; the next gather has new ones."""
    pool = Pool(4, idle=0.01)
    monkeypatch.setattr(rounds, "_pool", pool)
    for _ in range(3):
        assert gather(lambda: 1, lambda: 2) == (1, 2)
        until(lambda: pool._threads == 0)
        assert not pool._waiting


def test_threads_that_end_just_now_lose_no_work(monkeypatch):
    """Ending and being given work at the same moment, many times."""
    monkeypatch.setattr(rounds, "_pool", Pool(4, idle=0.0002))
    pause = threading.Event()
    for turn in range(400):
        assert gather(lambda: 1, lambda: 2, timeout=30) == (1, 2)
        pause.wait(0.0001 * (turn % 5))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_threads():
    """Those of the parent are not there."""
    assert gather(lambda: 1, lambda: 2) == (1, 2)
    child = os.fork()
    if child == 0:
        os._exit(0 if gather(lambda: 1, lambda: 2, timeout=20) == (1, 2) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_python_ends_without_waiting():
    """A function that hangs does not hold up the end of the process."""
    code = """
import threading
from glassware import DeadlineExceeded, gather
try:
    gather(threading.Event().wait, timeout=0.1)
except DeadlineExceeded:
    print("over")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"over\n"


def test_types_of_results_are_known(tmp_path):
    """A type checker knows each result, and what may be an exception."""
    api = pytest.importorskip("mypy.api")
    file = tmp_path / "typed.py"
    file.write_text(
        """
from typing import assert_type
from glassware import gather

def text() -> str: return ''
def number() -> int: return 0

assert_type(gather(text, number), tuple[str, int])
assert_type(gather(number, timeout=1), tuple[int])
assert_type(gather(text, number, text, number, text, number),
            tuple[str, int, str, int, str, int])
assert_type(gather(text, number, return_exceptions=True),
            tuple[str | Exception, int | Exception])
assert_type(gather(*[number for _ in range(3)]), tuple[int, ...])
assert_type(gather(*[number], return_exceptions=True), tuple[int | Exception, ...])
assert_type(gather(number, number, number, number, number, number, number),
            tuple[int, ...])
"""
    )
    said, _, code = api.run(["--strict", f"--cache-dir={tmp_path}/cache", str(file)])
    assert code == 0, said
