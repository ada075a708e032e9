"""Workers come and go; calls do not notice."""

import os
import shutil
import threading
import time
from collections import Counter

import pytest

from glassware.errors import CallError, Unavailable
from glassware.service.edge import edge_to
from glassware.service.workers import Folder
from service.http_worker import answer, answering
from waiting import until


def named(name: str):
    """Return a server that answers with its name."""
    return answering(lambda _: answer(name.encode()))


def under_way() -> int:
    """Return how many calls are being made."""
    return edge_to("catalog").places.taken


def test_calls_are_spread_over_the_workers(catalog, start):
    """Two ready workers get half of the calls each."""
    start(named("1"), "1.0")
    start(named("2"), "1.1")
    seen = Counter(catalog.get("/").text for _ in range(100))
    assert seen == {"1": 50, "2": 50}


def test_a_busy_worker_gets_less(catalog, start):
    """While one hangs, the calls go to the other."""
    release, hanging = threading.Event(), threading.Event()

    def hang(_):
        hanging.set()
        release.wait(30)
        return answer(b"1")

    start(answering(hang), "1.0")
    first = threading.Thread(target=catalog.get, args=("/",))
    first.start()
    assert hanging.wait(10)
    start(named("2"), "1.1")
    assert Counter(catalog.get("/").text for _ in range(50)) == {"2": 50}
    release.set()
    first.join()


def test_a_reload_fails_no_call(catalog, start, folder):
    """A new worker in, the old one out, ten times under load: every call answered."""
    answered: Counter[str] = Counter()
    failures: list[CallError] = []
    over = threading.Event()

    def load(method: str) -> None:
        while not over.is_set():
            try:
                answered[catalog.request(method, "/").text] += 1
            except CallError as error:
                failures.append(error)

    old = start(named("0"), "0.0")
    callers = [threading.Thread(target=load, args=(m,)) for m in ("GET", "POST") * 2]
    for caller in callers:
        caller.start()
    for generation in range(1, 11):
        new = start(named(str(generation)), f"{generation}.0")
        until(lambda new=generation: answered[str(new)] > 0)
        old.path = old.path.rename(folder / "retired.sock")
        old.retire()
        old = new
    over.set()
    for caller in callers:
        caller.join()
    assert failures == []
    assert len(answered) == 11


def test_a_worker_that_crashes_is_passed_over(catalog, start):
    """Its socket may still lie there: the other worker answers."""
    worker = start(named("1"), "1.0")
    start(named("2"), "1.1")
    assert {catalog.get("/").text for _ in range(4)} == {"1", "2"}
    worker.kill()
    for method in ("GET", "POST"):
        assert {catalog.request(method, "/").text for _ in range(10)} == {"2"}


def test_calls_wait_for_a_restart(catalog, start):
    """While a neighbour restarts, calls are held and then answered, once each."""
    start(named("old")).kill()
    seen, done = [], Counter()
    callers = [
        threading.Thread(target=lambda m=m: seen.append(catalog.request(m, "/").text))
        for m in ("GET", "POST") * 3
    ]
    for caller in callers:
        caller.start()
    until(lambda: under_way() == 6)

    def again(asked):
        done[asked.method] += 1
        return answer(b"new")

    start(answering(again), "2.0")
    for caller in callers:
        caller.join()
    assert seen == ["new"] * 6
    assert done == {"GET": 3, "POST": 3}


def test_a_full_backlog_is_waited_for(catalog, start):
    """A worker that is slow to accept has not refused anything."""
    seen, begin = [], threading.Event()
    worker = start(named("1"), backlog=1, begin=begin)
    callers = [
        threading.Thread(target=lambda: seen.append(catalog.post("/").text))
        for _ in range(20)
    ]
    for caller in callers:
        caller.start()
    until(lambda: under_way() == 20)
    begin.set()
    for caller in callers:
        caller.join()
    assert seen == ["1"] * 20
    assert worker.accepted == 20


def test_the_wait_has_an_end(catalog, folder):
    """A neighbour that never comes back is an error within the time limit."""
    (folder / "ready").mkdir()
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        catalog.get("/x", timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 2
    assert caught.value.message == (
        "`catalog` was not reached for `GET /x`: none of its workers is ready"
    )


def test_a_neighbour_that_does_not_run_is_an_error_at_once(catalog, start, folder):
    """The runner took its folder away: there is nothing to wait for."""
    worker = start(named("1"))
    assert catalog.get("/").ok
    worker.kill()
    shutil.rmtree(folder / "ready")
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        catalog.get("/x")
    assert time.monotonic() - began < 1
    assert str(caught.value) == (
        "`catalog` was not reached for `GET /x`: it does not run "
        "(`glassware logs catalog` shows what it said)"
    )
    start(named("2"), "2.0")
    assert catalog.get("/").text == "2"


def test_a_change_within_one_tick_of_the_clock_is_seen(folder):
    """File systems stamp two changes within some milliseconds alike."""
    listed = Folder(str(folder))
    (folder / "1.0.sock").touch()
    stamp = folder.stat().st_mtime_ns
    assert listed.sockets() == (f"{folder}/1.0.sock",)
    (folder / "2.0.sock").touch()
    os.utime(folder, ns=(stamp, stamp))
    assert listed.sockets() == (f"{folder}/1.0.sock", f"{folder}/2.0.sock")


def test_a_folder_that_comes_and_goes(folder):
    """A neighbour without a folder has no worker, and may get one."""
    listed = Folder(f"{folder}/catalog")
    assert listed.sockets() == ()
    (folder / "catalog").mkdir()
    (folder / "catalog" / "1.0.sock").touch()
    (folder / "catalog" / "note.txt").touch()
    assert listed.sockets() == (f"{folder}/catalog/1.0.sock",)
    shutil.rmtree(folder / "catalog")
    assert listed.sockets() == ()
