"""Statuses and headers, in both directions."""

# ruff: noqa: D103 - the name of a case says what it is about
from typing import Any

from .declared import answer, case, echoed, error


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


@case([200, 431, 200, 414], ["request"] * 2)
def largest_head_of_a_request(to):
    # With eleven more that every call of this suite has.
    found = [
        to.plain.get("/environ", headers=[(f"X-N{n}", "") for n in range(count)])
        for count in (89, 90)
    ]
    found += [to.plain.get("/environ?" + "l" * n) for n in (65_525, 65_526)]
    return [each.status_code for each in found]


@case(error("BadAnswer", 502))
def too_large_a_head_of_an_answer(to):
    return to.plain.post("/tall?120000")


@case(error("BadAnswer", 502))
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
