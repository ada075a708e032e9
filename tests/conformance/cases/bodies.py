"""Methods, targets and bodies."""

# ruff: noqa: D103 - the name of a case says what it is about
from .declared import LARGE, answer, case, echoed, error, sha


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
