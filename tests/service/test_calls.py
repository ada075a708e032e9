import json
import os
import threading

import pytest

from glassware.service.client import services
from service.http_worker import Asked, Worker, answer, answering, read


def echo(asked: Asked) -> bytes:
    """Answer with the request."""
    seen = {
        "method": asked.method,
        "target": asked.target,
        "headers": asked.headers,
        "body": asked.body.decode("latin-1"),
    }
    body = b"" if asked.method == "HEAD" else json.dumps(seen).encode()
    return answer(body, headers=("Content-Type: application/json",))


@pytest.mark.parametrize(
    "method", ["get", "post", "put", "patch", "delete", "head", "options"]
)
def test_every_method_reaches_the_neighbour(catalog, start, method):
    """The method that is named is the method that arrives."""
    seen = []
    start(answering(lambda asked: seen.append(asked.method) or echo(asked)))
    response = getattr(catalog, method)("/products/7")
    assert response.ok
    assert response.status_code == 200
    assert seen == [method.upper()]


def test_a_connection_forgets_the_request_before(catalog, start):
    """What one call sent is never seen in the next on the same connection."""
    worker = start(answering(echo))
    assert catalog.put("/a", json=[1]).json()["body"] == "[1]"
    seen = catalog.get("/b").json()
    assert (seen["method"], seen["body"]) == ("GET", "")
    assert "Content-Type" not in dict(seen["headers"])
    assert catalog.head("/c").content == b""
    assert catalog.get("/d").json()["method"] == "GET"
    assert worker.accepted == 1


def test_arguments_arrive(catalog, start):
    """Query, headers and body are what the caller gave."""
    start(answering(echo))
    seen = catalog.post(
        "/products?page=2",
        params={"tag": ["a b", "ü"], "none": None},
        json={"name": "Käse"},
        headers={"X-Mine": "1", "User-Agent": "me"},
    ).json()
    assert seen["target"] == "/products?page=2&tag=a+b&tag=%C3%BC"
    assert seen["body"].encode("latin-1").decode() == '{"name":"Käse"}'
    headers = dict(seen["headers"])
    assert headers["X-Mine"] == "1"
    assert headers["User-Agent"] == "me"
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == "16"


def test_bodies_of_all_kinds(catalog, start):
    """A mapping is a form, bytes and text are sent as they are."""
    start(answering(echo))
    form = catalog.post("/", data={"a": "1 2", "b": ["x", "y"]}).json()
    assert form["body"] == "a=1+2&b=x&b=y"
    assert dict(form["headers"])["Content-Type"] == "application/x-www-form-urlencoded"
    raw = catalog.post("/", data=b"\x00\xff").json()
    assert raw["body"] == "\x00\xff"
    assert "Content-Type" not in dict(raw["headers"])
    text = catalog.put("/", data="é", headers={"Content-Type": "text/plain"}).json()
    assert text["body"].encode("latin-1").decode() == "é"
    assert dict(text["headers"])["Content-Type"] == "text/plain"
    assert dict(catalog.post("/").json()["headers"]).get("Content-Length", "0") == "0"
    get = catalog.request("get", "/", json=1).json()
    assert (get["method"], get["body"]) == ("GET", "1")


def test_a_large_body_is_sent_at_once(catalog, start):
    """No `Expect: 100-continue`, which many servers answer late or never."""
    start(answering(lambda asked: answer(str(len(asked.body)).encode())))
    assert catalog.post("/", data=b"x" * 20_000_000).text == "20000000"


def test_the_host_is_the_public_one(become, catalog, start):
    """Hosts that a neighbour allows and links that it makes are the site's."""
    start(answering(echo))
    headers = dict(catalog.get("/").json()["headers"])
    assert headers["Host"] == "localhost:8000"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["User-Agent"] == "glassware/storefront"
    assert headers["Accept-Encoding"] == "identity"


def test_redirects_are_not_followed(catalog, start):
    """The caller sees the redirect itself."""
    paths = []

    def redirect(asked: Asked) -> bytes:
        paths.append(asked.target)
        return answer(status="302 Found", headers=("Location: /elsewhere",))

    start(answering(redirect))
    response = catalog.get("/here")
    assert response.status_code == 302
    assert response.headers["location"] == "/elsewhere"
    assert paths == ["/here"]


def test_connections_are_kept(catalog, start):
    """A hundred calls in a row need one connection."""
    worker = start(answering(echo))
    for _ in range(100):
        catalog.get("/")
    assert worker.accepted == 1


def test_threads_call_at_once(catalog, start):
    """Each of many threads gets its own answer."""
    start(answering(lambda asked: answer(asked.target.encode())))
    wrong = []

    def call(number: int) -> None:
        for turn in range(50):
            path = f"/{number}/{turn}"
            if catalog.get(path).text != path:
                wrong.append(path)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_connections(catalog, start):
    """Parent and child never read each other's answers."""
    worker = start(answering(lambda asked: answer(asked.target.encode())))
    assert catalog.get("/before").text == "/before"
    child = os.fork()
    if child == 0:
        texts = {catalog.get(f"/child{n}").text for n in range(20)}
        os._exit(0 if texts == {f"/child{n}" for n in range(20)} else 1)
    texts = [catalog.get(f"/parent{n}").text for n in range(20)]
    assert os.waitpid(child, 0)[1] == 0
    assert texts == [f"/parent{n}" for n in range(20)]
    assert worker.accepted == 2


def test_a_neighbour_on_a_port(become, wire):
    """A command, or a service that somebody started by hand, is called alike."""
    with Worker(None, answering(echo)) as worker:
        become(site="", service="", url="", calls=None, neighbours={"a-b": worker.url})
        seen = services["a-b"].get("/x").json()
        assert services.a_b.get("/").ok
        assert seen["target"] == "/x"
        assert dict(seen["headers"])["Host"] == worker.url.removeprefix("http://")
        assert worker.accepted == 1


def test_proxies_of_the_environment_are_ignored(become, wire, monkeypatch):
    """A call goes to the neighbour, whatever proxy the machine has."""
    with (
        Worker(None, answering(echo)) as worker,
        Worker(None, answering(echo)) as proxy,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        become(neighbours={"catalog": worker.url})
        assert services.catalog.get("/").ok
        assert (worker.accepted, proxy.accepted) == (1, 0)


def test_responses_before_the_last_are_left_out(catalog, start):
    """An early hint is no answer, and a trailer is no surprise."""

    def serve(connection):
        for _ in read(connection):
            connection.sendall(
                b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n"
                b"A: 1\r\na: 2\r\n\r\n3\r\nabc\r\n0\r\nSum: 6\r\n\r\n"
            )

    start(serve)
    for _ in range(2):
        response = catalog.get("/")
        assert response.text == "abc"
        assert "Link" not in response.headers
        assert "Sum" not in response.headers
        assert response.headers.getlist("A") == ["1", "2"]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body(catalog, start, status):
    """The connection goes on after them."""
    worker = start(
        answering(lambda _: f"HTTP/1.1 {status}\r\nServer: x\r\n\r\n".encode())
    )
    for _ in range(3):
        assert catalog.get("/").content == b""
    assert worker.accepted == 1
