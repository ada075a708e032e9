"""Calls within calls, many calls, late ones."""

# ruff: noqa: D103 - the name of a case says what it is about
import threading

from glassware import CallError, gather, services

from .declared import answer, case, error


@case(
    {
        "inner": {"outer": None, "tag": "none", "asked": "7"},
        "between": {"own": "catalog", "path": "/between"},
        "outer": {"outer": "storefront", "tag": "outer"},
    }
)
def caller_is_called_back(to):
    to.g.outer = "storefront"
    to.tag.set("outer")
    said = to.catalog.get("/between?n=7").json()
    own = {"outer": to.g.outer, "tag": to.tag.get()}
    return {"inner": said.pop("said"), "between": said, "outer": own}


@case({"ended": True}, [])
def circles_end(to):
    # With no place left, or with no time: whichever is first.
    try:
        status = services.catalog.get("/again", timeout=2).status_code
    except CallError as error:
        status = error.status
    return {"ended": status in {503, 504}}


@case({"200": 60}, ["request"] * 60)
def many_in_a_row(to):
    found = [to.catalog.get(f"/echo/{n}").status_code for n in range(60)]
    return {str(status): found.count(status) for status in found}


@case([f"n{number}" for number in range(20)], ["request"] * 20)
def many_at_once(to):
    def one(number):
        return to.catalog.get(f"/echo/n{number}").json()["rest"]

    return list(gather(*(lambda n=n: one(n) for n in range(20))))


@case("threaded")
def from_a_thread(to):
    found = []

    def ask():
        found.append(to.catalog.get("/echo/threaded").json()["rest"])

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


@case(
    error("DeadlineExceeded", 504, attempts=1, unknown=True),
    ["request", "ran to its end"],
)
def caller_that_gives_up(to):
    return to.catalog.post("/slow?seconds=0.6", timeout=0.2)


@case(answer(json={"seconds": 3, "inner": 200}))
def time_that_is_left(to):
    return to.catalog.get("/remaining", timeout=3)


@case([answer(503), answer(attempts=2), answer(attempts=2)], ["request"] * 5)
def repeated_where_it_is_safe(to):
    key = {"Idempotency-Key": "abc"}
    return [
        to.catalog.post("/flaky"),
        to.catalog.get("/flaky"),
        to.catalog.post("/flaky/key", headers=key),
    ]


@case(error("NotAllowed", 502, attempts=0, call="storefront GET hidden/"), [])
def neighbour_that_is_not_named(to):
    return services.hidden.get("/")


@case(answer(json={"HTTP_ACCEPT_LANGUAGE": "de", "HTTP_AUTHORIZATION": None}))
def what_goes_onward(to):
    headers = {"Accept-Language": "de", "Authorization": "Basic x", "Cookie": "a=1"}
    return to.catalog.get("/onward", headers=headers)


@case(answer(502))
def error_that_nobody_catches(to):
    return to.catalog.post("/unhandled")
