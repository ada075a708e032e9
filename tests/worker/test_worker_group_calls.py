"""Calls among the services of one process: what the conformance suite cannot see."""

import os
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from glassware.current import LocalAnswer
from glassware.errors import DeadlineExceeded
from glassware.service.local import Local
from glassware.service.transport import Request
from waiting import until


CALLER = """
import contextvars, threading
from flask import Flask, g, request
from glassware import CallError, deadline, services
from glassware.current import incoming, service

app = Flask(__name__)
own = contextvars.ContextVar("own", default="nobody")

def told(function):
    try:
        return function()
    except CallError as error:
        return {"error": type(error).__name__, "unknown": error.outcome_unknown}

@app.get("/get")
def get():
    wait = request.args.get("timeout", 10, type=float)
    path = request.args["path"]
    return told(lambda: services.catalog.get(path, timeout=wait).text)

@app.get("/post")
def post():
    wait = request.args.get("timeout", 10, type=float)
    path = request.args["path"]
    return told(lambda: services.catalog.post(path, timeout=wait).text)

@app.get("/leave")
def leave():
    for _ in range(int(request.args["times"])):
        with services.catalog.stream("GET", "/parts") as response:
            next(response.iter_bytes())
    return "left"

@app.get("/silence")
def silence():
    def read():
        path = "/parts?pause=0.3"
        with services.catalog.stream("GET", path, timeout=0.1) as response:
            return b"".join(response.iter_bytes())
    return told(read)

@app.get("/same")
def same():
    own.set("storefront")
    said = services.catalog.get("/who").json()
    mine = {"thread": threading.get_ident(), "own": own.get(), "service": service.get()}
    return {"mine": mine | {"path": incoming.get().path}, "theirs": said}

@app.get("/own")
def calls_itself():
    return told(lambda: services.storefront.get("/own-name").text)

@app.get("/own-name")
def own_name():
    return service.get()
"""
CALLEE = """
import threading, time
from flask import Flask, Response, request
from glassware import deadline
from glassware.current import incoming, service
from pathlib import Path

app = Flask(__name__)
started = closed = made = 0

@app.get("/counts")
def counts():
    return {"started": started, "closed": closed, "made": made}

@app.route("/slow", methods=["GET", "POST"])
def slow():
    global started
    started += 1
    time.sleep(float(request.args["seconds"]))
    return "slow"

@app.get("/parts")
def parts():
    pause = request.args.get("pause", 0, type=float)
    after = request.args.get("after", 0, type=float)
    def parts():
        global closed, made
        try:
            for number in range(5):
                made += 1
                yield b"part"
                time.sleep(pause)
            time.sleep(after)
        finally:
            closed += 1
    return Response(parts())

@app.get("/who")
def who():
    import sys
    caller = sys.modules["storefront"]
    return {
        "thread": threading.get_ident(),
        "own": caller.own.get(),
        "service": service.get(),
        "path": incoming.get().path,
        "caller": incoming.get().caller,
        "via": incoming.get().via,
        "remaining": round(deadline.remaining()),
    }

@app.get("/held/<int:number>")
def held(number):
    folder = Path(__file__).parent
    (folder / f"held.{number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return "held"
"""


@pytest.fixture
def group(start):
    """A caller and its neighbour in one process; the neighbour has two slots."""
    jobs = [
        member(start, "storefront", CALLER, "catalog,storefront"),
        member(start, "catalog", CALLEE, "", threads=2),
    ]
    group = start.group(*jobs)
    group.ready()
    return group


def member(start, name, code, calls, **facts):
    """Return the job of a service that is told about its neighbours."""
    environment = {
        "PATH": os.environ["PATH"],
        "GLASSWARE_SITE": "shop",
        "GLASSWARE_SERVICE": name,
        "GLASSWARE_URL": "http://shop.test",
        "GLASSWARE_CALLS": calls,
        "GLASSWARE_NEIGHBOURS": '{"catalog": {"breaker": 0}}',
        # Nobody listens there: whoever takes the wire fails.
        "GLASSWARE_SERVICE_CATALOG_URL": f"unix:{start.folder}/nowhere",
        "GLASSWARE_SERVICE_STOREFRONT_URL": f"unix:{start.folder}/nowhere",
    }
    files = {"app.py": code}
    return start.job(files, service=name, environment=environment, **facts)


def ask(group, path):
    """Ask the caller."""
    answer = group.member("storefront").ask(path)
    assert answer.status == 200, group.logs["storefront"].read_text()
    return answer


def counts(group):
    """Return what the callee has counted."""
    return group.member("catalog").ask("/counts").json


def test_the_callee_runs_in_the_callers_thread_and_in_a_context_of_its_own(group):
    """It knows its own request, its caller and its time, and nothing of its caller's."""
    said = ask(group, "/same").json
    assert said["mine"]["thread"] == said["theirs"].pop("thread")
    assert said["theirs"] == {
        "own": "nobody",
        "service": "catalog",
        "path": "/who",
        "caller": "",
        "via": ["storefront"],
        "remaining": 10,
    }
    assert said["mine"]["own"] == "storefront"
    assert said["mine"]["service"] == "storefront"
    assert said["mine"]["path"] == "/same"


def test_what_comes_too_late_is_an_error(group):
    """The view runs to its end, and its answer is thrown away."""
    said = ask(group, "/post?path=/slow?seconds=0.3&timeout=0.1").json
    assert said == {"error": "DeadlineExceeded", "unknown": True}
    assert counts(group)["started"] == 1


def test_no_part_is_made_when_the_time_is_over(group):
    """The time is looked at between the parts, and the body is closed."""
    said = ask(group, "/get?path=/parts?pause=0.2&timeout=0.3").json
    assert said["error"] == "DeadlineExceeded"
    found = counts(group)
    assert found["closed"] == 1
    assert found["made"] < 5


def test_an_answer_that_ends_too_late_is_none(group):
    """All of it was there in time, its end was not."""
    said = ask(group, "/get?path=/parts?after=0.6&timeout=0.5").json
    assert said["error"] == "DeadlineExceeded"
    assert counts(group)["made"] == 5


def test_silence_within_an_answer_is_an_error(group):
    """A stream that is read as it comes has its limit for each part."""
    assert ask(group, "/silence").json["error"] == "DeadlineExceeded"
    assert counts(group)["closed"] == 1


def test_a_stream_that_is_left_gives_its_place_back(group):
    """More of them than there are places, one after the other."""
    assert ask(group, "/leave?times=100").body == b"left"
    assert counts(group)["closed"] == 100


def test_what_comes_too_late_gives_its_place_back(group):
    """More of them than there are places."""
    for _ in range(70):
        ask(group, "/post?path=/slow?seconds=0.002&timeout=0.001")
    assert ask(group, "/get?path=/slow?seconds=0").body == b"slow"


def test_no_view_starts_when_the_neighbour_has_no_slot_in_time(group):
    """A call within the process waits for its turn as any other, and gives up."""
    holding = [
        threading.Thread(target=group.member("catalog").ask, args=(f"/held/{n}",))
        for n in range(2)
    ]
    for thread in holding:
        thread.start()
    folder = Path(group.job["members"][1]["folder"])
    until(lambda: len(list(folder.glob("held.*"))) == 2, "both slots taken")
    said = ask(group, "/post?path=/slow?seconds=0&timeout=0.3").json
    assert said == {"error": "DeadlineExceeded", "unknown": False}
    (folder / "go").touch()
    for thread in holding:
        thread.join()
    assert counts(group)["started"] == 0
    assert ask(group, "/post?path=/slow?seconds=0").body == b"slow"


def test_a_service_may_call_itself(group):
    """Its own name in `calls` leads into the process too."""
    assert ask(group, "/own").body == b"storefront"


@pytest.mark.parametrize("refused", [True, False])
def test_a_refusal_is_one_however_late_it_is_heard(refused):
    """Nothing was started: whoever asked may ask again."""

    def late(*_):
        over = time.monotonic() + 0.02
        until(lambda: time.monotonic() > over, "the deadline")
        fields = [("x-glassware-refused", "deadline")] if refused else []
        return LocalAnswer(504, fields, iter(()), lambda: None)

    request = Request(
        neighbour="catalog",
        address="",
        method="GET",
        target="/",
        headers=(),
        timeout=0.01,
    )
    told = nullcontext() if refused else pytest.raises(DeadlineExceeded)
    with told:
        assert Local(late).send(request).status_code == 504
