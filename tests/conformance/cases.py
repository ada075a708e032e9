# ruff: noqa: D103 - the name of a case says what it is about
"""What a call means: each case is a few lines of a caller, and what comes of it.

The caller (`services/storefront`) runs `run`, the tests compare what is told of
it with `told`, and what the callee recorded with `seen`. Both need to be there,
and neither is everything: all that is told is compared between the ways that a
call can take.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from glassware import BadAnswer, CallError, Unavailable, gather, services


MB = 1_000_000
LARGE = 100 * MB


def sha(body):
    """Return what tells a body from others."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        run: What the caller does, given its neighbours.
        told: What is told of the value; see `matches`.
        seen: The events that the callee records, in order; `None`: nobody looks.
    """

    run: Callable[[Any], Any]
    told: Any
    seen: list[str] | None = field(default=None)

    @property
    def name(self):
        """The name of its function."""
        return self.run.__name__


CASES: list[Case] = []


def case(told, seen=("request",)):
    """Declare a function to be a case."""

    def declared(run):
        CASES.append(Case(run, told, None if seen is None else list(seen)))
        return run

    return declared


def answer(status=200, **more):
    """Return what is told of an answer, whatever its headers are."""
    return {"status": status, "attempts": 1, **more}


def error(name, becomes, **more):
    """Return what is told of an error."""
    return {"error": name, "becomes": becomes, **more}


def echoed(**said):
    """Return what is told of an answer of `/echo`."""
    return answer(json=said)


# Methods, targets, bodies


@case(echoed(method="GET", size=0, caller="storefront", args={}, remote="127.0.0.1"))
def get(to):
    return to.catalog.get("/echo")


@case(echoed(method="POST", json={"a": [1, "ü", None], "b": 0.5}))
def post_json(to):
    return to.catalog.post("/echo", json={"a": [1, "ü", None], "b": 0.5})


@case(echoed(method="POST", form={"a": ["1", "ü &="], "b": ["x"]}))
def post_form(to):
    return to.catalog.post("/echo", data={"a": [1, "ü &="], "b": "x", "c": None})


@case(echoed(method="PUT", size=256, sha=sha(bytes(range(256)))))
def put_bytes(to):
    return to.catalog.put("/echo", data=bytes(range(256)))


@case(echoed(method="PATCH", size=3, sha=sha("ü!".encode())))
def patch_text(to):
    return to.catalog.patch("/echo", data="ü!")


@case(echoed(method="DELETE", size=0))
def delete(to):
    return to.catalog.delete("/echo")


@case(answer(body="", headers={"allow": "GET, HEAD, OPTIONS"}))
def options(to):
    return to.catalog.options("/empty")


@case(echoed(method="REPORT", size=1))
def other_method(to):
    return to.catalog.request("REPORT", "/echo", data=b"x")


@case(echoed(method="GET", size=4))
def get_with_body(to):
    return to.catalog.request("GET", "/echo", data=b"body")


@case(echoed(args={"a": ["1", "2"], "b": ["ü &=+"], "c": ["", "d"]}))
def query(to):
    params = {"a": [1, 2], "b": "ü &=+", "n": None}
    return to.catalog.get("/echo?c=&c=d", params=params)


@case(echoed(args={"a": [" b+"], "%zz": [""], "x": ["%FF"]}))
def query_written_by_hand(to):
    return to.catalog.get("/echo?a=%20b%2B&%zz&x=%FF")


@case(echoed(rest="ü/ö;a,b'(c)/😀"))
def unicode_path(to):
    return to.catalog.get("/echo/ü/ö;a,b'(c)/😀")


@case(echoed(rest="a/b c%41/\ufffd"))
def encoded_path(to):
    return to.catalog.get("/echo/a%2Fb%20c%2541/%FF")


@case(answer(308, headers={"location": "http://SITE/catalog/echo/a/../b?x=1"}))
def odd_slashes(to):
    return to.catalog.get("/echo//a/../b?x=1")


@case(echoed(rest="a/../b/./c"))
def dots(to):
    return to.catalog.get("/echo/a/../b/./c")


@case(echoed(rest="l" * 8000))
def long_path(to):
    return to.catalog.get("/echo/" + "l" * 8000)


@case(echoed(method="POST", size=0))
def empty_body(to):
    return to.catalog.post("/echo", data=b"")


@case(echoed(method="POST", size=0))
def no_body(to):
    return to.catalog.post("/echo")


@case([echoed(size=1), answer(body="\0")], ["request", "request"])
def one_byte(to):
    return to.catalog.post("/echo", data=b"x"), to.catalog.get("/bytes/1")


@case(echoed(size=LARGE, sha=sha(b"x" * LARGE)))
def large_body(to):
    return to.catalog.post("/echo", data=b"x" * LARGE)


@case(answer(body=f"{LARGE} bytes {sha(bytes(range(256)) * (LARGE // 256))}"))
def large_answer(to):
    return to.catalog.get(f"/bytes/{LARGE}", max_answer=LARGE)


@case(error("BadAnswer", 502, attempts=1))
def too_large_answer(to):
    return to.catalog.get("/bytes/1001", max_answer=1000)


@case(echoed(size=30, sha=sha(b"0123456789" * 3)))
def body_in_parts(to):
    return to.catalog.post("/echo", data=(b"0123456789" for _ in range(3)))


@case(answer(body=f"256 bytes {sha(bytes(range(256)))}"))
def binary_answer(to):
    return to.catalog.get("/all-bytes")


WAYS = {
    "all": "12345\n78\n0abc",
    "part": "12345\n78\n0",
    "parts": "1234|5\n78|\n0ab|c",
    "line": "12345\n",
    "lines": "12345\n|78\n|0abc",
    "each": "12345\n|78\n|0abc",
    "past": "12345\n78\n0abc",
    "nothing": "",
}


@case([answer(body=body) for body in WAYS.values()], ["request"] * len(WAYS))
def ways_to_read_a_body(to):
    body = b"12345\n78\n0abc"
    return [to.plain.post(f"/reads?how={how}", data=body) for how in WAYS]


# A body that is sent part by part, and that nobody reads, may break the connection.
READ = {
    how: body for how, body in WAYS.items() if how not in {"nothing", "line", "part"}
}


@case([answer(body=body) for body in READ.values()], ["request"] * len(READ))
def ways_to_read_a_body_of_unknown_length(to):
    parts = (b"12345\n78", b"\n0abc")
    return [to.plain.post(f"/reads?how={how}", data=iter(parts)) for how in READ]


# Statuses and heads


@case(answer(201, body="status 201"))
def created(to):
    return to.catalog.get("/status/201")


@case(answer(204, body="", headers={"content-length": None}))
def no_content(to):
    return to.catalog.get("/status/204")


@case(answer(304, body=""))
def not_modified(to):
    return to.catalog.get("/etag", headers={"If-None-Match": '"abc"'})


@case(answer(302, headers={"location": "/echo?moved=1"}))
def redirects_are_not_followed(to):
    return to.catalog.get("/moved")


@case(answer(599, body="status 599"))
def odd_status(to):
    return to.catalog.get("/status/599")


@case(answer(500))
def status_that_is_not_final(to):
    return to.plain.get("/impossible")


@case(
    [answer(204, body=""), answer(304, body=""), answer(205, body="abc")],
    ["request", "closed"] * 3,
)
def bodies_where_none_belongs(to):
    return [to.plain.get(f"/status?{code}") for code in (204, 304, 205)]


@case(answer(404, body="<h1>no /nowhere</h1>"))
def page_of_an_error(to):
    return to.catalog.get("/nowhere")


@case(answer(405))
def wrong_method(to):
    return to.catalog.post("/empty")


@case(answer(418))
def aborted_view(to):
    return to.catalog.get("/abort/418")


@case(answer(headers={"content-length": "6"}, body=""))
def head(to):
    return to.catalog.head("/etag")


@case(answer(body=""), ["request", "closed"])
def head_of_parts(to):
    return to.plain.head("/write-and-return")


@case(
    answer(
        headers={
            "x-twice": ["a", "b"],
            "x-empty": "",
            "x-padded": "in the middle",
            "x-latin": "cafÃ©",
            "x-long": "l" * 8000,
            "server": "mine",
            "date": "Mon, 01 Jan 2024 00:00:00 GMT",
        }
    )
)
def headers_of_an_answer(to):
    return to.catalog.get("/headers")


@case(
    answer(
        headers={
            "connection": None,
            "keep-alive": None,
            "transfer-encoding": None,
            "x space": None,
            "x-break": None,
            "x-tab": "a\tb",
            "x-utf8": "cafÃ©",
            "x-kept": "yes",
        }
    )
)
def headers_of_a_connection(to):
    return to.plain.get("/hops")


@case(echoed(cookies={"a": "1", "b": "2"}))
def headers_of_a_request(to):
    pairs = [("X-Twice", "a"), ("X-Twice", "b"), ("X-Empty", ""), ("X-Pad", "  p  ")]
    pairs += [("Cookie", "a=1"), ("Cookie", "b=2"), ("x-lower", "l"), ("X_Under", "u")]
    return to.catalog.get("/echo", headers=pairs)


@case(answer(json={"HTTP_X_N88": "88", "HTTP_X_LONG": "l" * 20_000}))
def many_headers_and_a_long_one(to):
    pairs = [(f"X-N{number}", str(number)) for number in range(70, 89)]
    return to.plain.get("/environ", headers=[*pairs, ("X-Long", "l" * 20_000)])


@case([200, 431, 200, 414], None)
def largest_head_of_a_request(to):
    # With eleven more that every call of this suite has.
    found = [
        to.plain.get("/environ", headers=[(f"X-N{n}", "") for n in range(count)])
        for count in (89, 90)
    ]
    found += [to.plain.get("/environ?" + "l" * n) for n in (65_525, 65_526)]
    return [each.status_code for each in found]


@case(error("BadAnswer", 502), None)
def too_large_a_head_of_an_answer(to):
    return to.plain.post("/tall?120000")


@case(error("BadAnswer", 502), None)
def too_many_headers_of_an_answer(to):
    return to.plain.post("/wide?6000")


@case(
    [
        answer(
            json={}, headers={"set-cookie": ["one=1; HttpOnly; Path=/catalog", Any]}
        ),
        answer(json={}),
    ],
    ["request", "request"],
)
def cookies_are_not_kept(to):
    return to.catalog.get("/cookies"), to.catalog.get("/cookies")


@case("2", ["request", "request"])
def session_is_in_its_cookie(to):
    first = to.catalog.get("/session")
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    return to.catalog.get("/session", headers={"Cookie": cookie}).text


@case(answer(206, body="bcd", headers={"content-range": "bytes 1-3/7"}))
def part_of_a_file(to):
    return to.catalog.get("/range", headers={"Range": "bytes=1-3"})


@case(error("BadAnswer", 502, attempts=1))
def encoded_answer(to):
    return to.catalog.get("/encoded")


# Failures of the callee


@case(answer(500), ["request"])
def exception_in_a_view(to):
    return to.catalog.get("/boom")


@case(answer(500, body="Internal Server Error\n"))
def view_that_ends_the_process(to):
    return to.catalog.get("/exits")


@case(answer(500))
def exception_after_the_view(to):
    return to.catalog.get("/teardown-fails")


@case(answer(body="well begun"))
def exception_within_a_body(to):
    return to.catalog.get("/breaks")


@case(answer(500, body="Internal Server Error\n"), ["request", "closed"])
def exception_before_a_body(to):
    return to.plain.get("/fails-first")


@case([answer(500, body="Internal Server Error\n")] * 4, ["request"] * 4)
def applications_that_break_the_rules(to):
    paths = ("/missing-start", "/twice", "/text", "/nothing")
    return [to.plain.get(path) for path in paths]


@case(answer(body="well"), ["request", "closed"])
def exception_when_closed(to):
    return to.plain.get("/close-fails")


@case(answer(500, body="replaced", headers={"x-second": "yes", "x-first": None}))
def head_that_is_replaced(to):
    return to.plain.get("/replaced")


# WSGI's own


@case(answer(body="by write"))
def body_by_write(to):
    return to.plain.get("/write")


@case(answer(body="written, returned, twice"), ["request", "closed"])
def body_by_write_and_return(to):
    return to.plain.get("/write-and-return")


@case(answer(202, body="late", headers={"x-late": "yes"}))
def late_start_of_a_response(to):
    return to.plain.get("/late")


@case(answer(body="abcdef", headers={"content-length": "6"}), ["request", "closed"])
def declared_length_in_parts(to):
    return to.plain.get("/exact")


@case(answer(body="ab", headers={"content-length": "2"}), ["request", "closed"])
def more_than_was_declared(to):
    return to.plain.get("/length?2")


@case({"unknown": True, "attempts": 1}, ["request", "closed"])
def less_than_was_declared(to):
    try:
        return to.plain.post("/length?9")
    except (BadAnswer, Unavailable) as error:
        # Whether a byte of it had left the callee by then is a matter of luck.
        return {"unknown": error.outcome_unknown, "attempts": error.call.attempts}


@case(answer(body="abc", headers={"content-length": "3"}))
def length_that_is_declared_twice(to):
    return to.plain.get("/lengths")


# Order and ends

AROUND = ["started", "request", "view", "rendered", "after_this_request"]
AROUND += ["after_request", "finished"]
END = ["teardown_request", "tearing down"]


@case(answer(body="2", headers={"x-after": "once"}), [*AROUND, *END])
def what_runs_around_a_view(to):
    return to.catalog.get("/ordered")


@case(answer(500), None)
def what_runs_around_a_failing_view(to):
    return to.catalog.get("/ordered/boom")


@case(answer(body="part 0\npart 1\npart 2\n"), None)
def parts_within_the_context(to):
    return to.catalog.get("/ordered/generator")


@case({"first": True, "status": 200}, ["request", "left open: True"])
def stream_that_is_left(to):
    with to.catalog.stream("GET", "/endless") as response:
        part = next(response.iter_bytes())
        return {"first": part.startswith(b" " * 98 + b"0\n"), "status": 200}


@case({"body": "part 0\npart 1\npart 2\n", "status": 200}, None)
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


# Nested, many, late


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


@case([f"n{number}" for number in range(20)], None)
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


# Who may, and what goes on


@case(error("NotAllowed", 502, attempts=0, call="storefront GET hidden/"), [])
def neighbour_that_is_not_named(to):
    return services.hidden.get("/")


@case(answer(json={"HTTP_ACCEPT_LANGUAGE": "de", "HTTP_AUTHORIZATION": None}), None)
def what_goes_onward(to):
    headers = {"Accept-Language": "de", "Authorization": "Basic x", "Cookie": "a=1"}
    return to.catalog.get("/onward", headers=headers)


@case(answer(502), None)
def error_that_nobody_catches(to):
    return to.catalog.post("/unhandled")


# Django


@case(answer(body="home"), None)
def django(to):
    return to.blog.get("/")


@case(
    answer(
        json={
            "method": "POST",
            "args": {"a": ["ü"]},
            "form": {"b": ["1", "2"]},
            "cookies": {"c": "d"},
        },
        headers={"set-cookie": "django=yes; Path=/"},
    )
)
def django_form(to):
    body = {"b": [1, 2]}
    cookie = {"Cookie": "c=d"}
    return to.blog.post("/echo/", params={"a": "ü"}, data=body, headers=cookie)


@case(answer(body="one two"), ["ended"])
def django_stream(to):
    return to.blog.get("/stream/")


@case([answer(500), answer(404), answer(301), answer(body="")], None)
def django_errors(to):
    paths = ("/boom/", "/nowhere/", "/echo")
    return [*(to.blog.get(path) for path in paths), to.blog.head("/")]


# ASGI, which no process shares


@case(answer(json={"method": "POST", "query": "a=1", "caller": "storefront"}), None)
def asgi(to):
    return to.events.post("/echo?a=1", json={"b": 2})


@case(answer(json={"size": LARGE, "sha": sha(b"x" * LARGE)}), None)
def asgi_large_body(to):
    return to.events.post("/echo", data=b"x" * LARGE)


@case(answer(body="part 0 part 1 part 2 "), None)
def asgi_parts(to):
    return to.events.get("/parts")


@case([answer(500), answer(404, body=""), answer(200)], None)
def asgi_errors_and_a_large_answer(to):
    return to.events.get("/boom"), to.events.head("/x"), to.events.get("/large")
