"""Neighbours that are written with Django or for ASGI."""

# ruff: noqa: D103 - the name of a case says what it is about
from .declared import LARGE, answer, case, sha


@case(answer(body="home"), [])
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


@case([answer(500), answer(404), answer(301), answer(body="")], [])
def django_errors(to):
    paths = ("/boom/", "/nowhere/", "/echo")
    return [*(to.blog.get(path) for path in paths), to.blog.head("/")]


@case(answer(json={"method": "POST", "query": "a=1", "caller": "storefront"}), [])
def asgi(to):
    return to.events.post("/echo?a=1", json={"b": 2})


@case(answer(json={"size": LARGE, "sha": sha(b"x" * LARGE)}), [])
def asgi_large_body(to):
    return to.events.post("/echo", data=b"x" * LARGE)


@case(answer(body="part 0 part 1 part 2 "), [])
def asgi_parts(to):
    return to.events.get("/parts")


@case([answer(500), answer(404, body=""), answer(200)], [])
def asgi_errors_and_a_large_answer(to):
    return to.events.get("/boom"), to.events.head("/x"), to.events.get("/large")
