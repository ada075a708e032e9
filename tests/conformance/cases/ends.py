"""The order of things, and how answers end."""

# ruff: noqa: D103 - the name of a case says what it is about
from glassware import BadAnswer, Unavailable

from .declared import LARGE, answer, case, sha


AROUND = ["started", "request", "view", "rendered", "after_this_request"]
AROUND += ["after_request", "finished"]
END = ["teardown_request", "tearing down"]
FAILING = ["started", "request", "exception", "after_request", "finished", *END]
IN_PARTS = ["started", "request", "after_request", "finished", *END]
IN_PARTS += ["part", "part", "part", "end of parts", *END, "closed"]


@case(answer(body="2", headers={"x-after": "once"}), [*AROUND, *END])
def what_runs_around_a_view(to):
    return to.catalog.get("/ordered")


@case(answer(500), FAILING)
def what_runs_around_a_failing_view(to):
    return to.catalog.get("/ordered/boom")


@case(answer(body="part 0\npart 1\npart 2\n"), IN_PARTS)
def parts_within_the_context(to):
    return to.catalog.get("/ordered/generator")


@case({"first": True, "status": 200}, ["request", "left open: True"])
def stream_that_is_left(to):
    with to.catalog.stream("GET", "/endless") as response:
        part = next(response.iter_bytes())
        return {"first": part.startswith(b" " * 98 + b"0\n"), "status": 200}


@case({"body": "part 0\npart 1\npart 2\n", "status": 200}, IN_PARTS)
def stream_to_its_end(to):
    with to.catalog.stream("GET", "/ordered/generator") as response:
        body = b"".join(response.iter_bytes())
        return {"body": body, "status": response.status_code}


@case({"body": "<h1>no /nowhere</h1>", "status": 404})
def stream_of_an_error(to):
    with to.catalog.stream("GET", "/nowhere") as response:
        body = b"".join(response.iter_bytes())
        return {"body": body, "status": response.status_code}


@case(f"{LARGE} bytes {sha(bytes(range(256)) * (LARGE // 256))}")
def large_stream(to):
    with to.catalog.stream("GET", f"/bytes/{LARGE}") as response:
        return b"".join(response.iter_bytes())


@case({"unknown": True}, ["request", "closed"])
def stream_that_breaks_off(to):
    try:
        with to.plain.stream("POST", "/length?9") as response:
            return b"".join(response.iter_bytes())
    except (BadAnswer, Unavailable) as error:
        return {"unknown": error.outcome_unknown}
