import http.client
import socket
from collections.abc import Iterator

import pytest

from worker.worker_process import Starter, Worker


RAW = """
import os, sys, threading
from wsgiref.validate import validator

closed = []
late = threading.Event()

class Body:
    def __init__(self, *chunks, error=None):
        self.chunks, self.error = iter(chunks), error
    def __iter__(self):
        return self
    def __next__(self):
        try:
            return next(self.chunks)
        except StopIteration:
            if self.error:
                raise self.error
            raise
    def close(self):
        closed.append(self)

def application(environ, start_response):
    path = environ["PATH_INFO"]
    plain = [("Content-Type", "text/plain")]
    if path == "/closed":
        start_response("200 OK", plain)
        return [str(len(closed)).encode()]
    if path == "/body":
        start_response("200 OK", plain)
        return Body(b"a", b"", b"b", b"c")
    if path == "/bytearray":
        start_response("200 OK", plain)
        return [bytearray(b"byte"), memoryview(b"array")]
    if path == "/text":
        start_response("200 OK", plain)
        return ["text"]
    if path.startswith("/status/"):
        start_response(path[8:].replace("_", " "), plain)
        return [b"odd"]
    if path == "/write":
        write = start_response("200 OK", plain)
        write(b"first ")
        write(b"second ")
        return [b"third"]
    if path == "/late":
        def body():
            start_response("202 Accepted", plain)
            yield b"late"
        return body()
    if path == "/never":
        return [b"x"]
    if path == "/raise":
        raise ValueError("before the start")
    if path == "/exit":
        sys.exit("from a view")
    if path == "/raise-after-start":
        start_response("200 OK", plain)
        raise ValueError("after the start")
    if path == "/replace":
        start_response("200 OK", plain)
        try:
            raise ValueError("replaced")
        except ValueError:
            start_response("503 Replaced", plain, sys.exc_info())
        return [b"replaced"]
    if path == "/twice":
        start_response("200 OK", plain)
        start_response("200 OK", plain)
    if path == "/raise-in-body":
        start_response("200 OK", plain)
        return Body(b"begun", error=ValueError("within the body"))
    if path == "/short":
        start_response("200 OK", [*plain, ("Content-Length", "10")])
        return Body(b"short")
    if path == "/declared":
        start_response("200 OK", [*plain, ("Content-Length", "8")])
        return Body(b"declared")
    if path == "/empty":
        start_response("204 No Content", [])
        return []
    if path == "/events":
        def events():
            yield b"data: 1\\n\\n"
            late.wait(20)
            yield b"data: 2\\n\\n"
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events()
    if path == "/go-on":
        late.set()
        start_response("200 OK", plain)
        return [b"ok"]
    if path == "/header":
        start_response("200 OK", [*plain, ("X-Utf8", "caf\\xc3\\xa9")])
        return [b"ok"]
    if path == "/environ":
        start_response("200 OK", plain)
        return [repr(sorted(environ.items())).encode()]
    if path == "/environ/get":
        start_response("200 OK", plain)
        return [str(environ.get(environ["QUERY_STRING"])).encode()]
    if path == "/read":
        start_response("200 OK", plain)
        return [environ["wsgi.input"].read()]
    if path == "/lines":
        start_response("200 OK", plain)
        stream = environ["wsgi.input"]
        lines = [stream.readline(3), stream.readline(), *stream.readlines()]
        return [repr(lines).encode()]
    if path == "/stdout":
        print("to stdout")
        print("to stderr", file=sys.stderr)
        environ["wsgi.errors"].write("to wsgi.errors\\n")
        start_response("200 OK", plain)
        return [b"ok"]
    start_response("404 Not Found", plain)
    return [b"?"]

if os.environ.get("VALIDATE"):
    application = validator(application)
"""


@pytest.fixture
def raw(start: Starter) -> Worker:
    """A worker that serves `RAW`."""
    worker = start.fork(RAW)
    worker.ready()
    return worker


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/body", 200, b"abc"),
        ("/bytearray", 200, b"bytearray"),
        ("/write", 200, b"first second third"),
        ("/late", 202, b"late"),
        ("/declared", 200, b"declared"),
        ("/replace", 503, b"replaced"),
        ("/empty", 204, b""),
        ("/status/299_Odd", 299, b"odd"),
        ("/status/599_Odder", 599, b"odd"),
        ("/status/418", 418, b"odd"),
        ("/status/999_Odder", 999, b"odd"),
    ],
)
def test_answers_pass_as_they_are(raw, target, status, body):
    """Every form of body and every odd status that PEP 3333 allows comes through."""
    answer = raw.ask(target)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/raise", "ValueError: before the start"),
        ("/exit", "SystemExit: from a view"),
        ("/raise-after-start", "ValueError: after the start"),
        ("/never", "never called `start_response`"),
        ("/twice", "called twice"),
        ("/text", "has a `str`"),
        ("/status/99_Illegal", "cannot be sent"),
        ("/status/zzz", "invalid literal"),
    ],
)
def test_errors_are_500s_with_their_traceback_on_stderr(raw, target, words):
    """An application that fails is answered for, and the worker serves on."""
    assert raw.ask(target).status == 500
    assert words in raw.log()
    assert raw.ask("/body").status == 200


def test_an_error_within_a_body_is_shown(raw):
    """What was sent stays sent, and the traceback is in the log."""
    assert raw.ask("/raise-in-body").body == b"begun"
    assert "ValueError: within the body" in raw.log()


def test_less_than_was_declared_breaks_the_connection(raw):
    """A client must not take half an answer for a whole one."""
    with pytest.raises((http.client.RemoteDisconnected, http.client.IncompleteRead)):
        raw.ask("/short")


@pytest.mark.parametrize("target", ["/body", "/declared", "/short", "/raise-in-body"])
def test_every_body_is_closed_once(raw, target):
    """`close()` runs exactly once, however the body ended."""
    before = int(raw.ask("/closed").body)
    raw.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert int(raw.ask("/closed").body) == before + 1


def test_head_has_the_headers_of_get_and_no_body(raw):
    """The declared length stays, although nothing is sent."""
    answer = raw.ask("/declared", method="HEAD")
    assert (answer.headers["Content-Length"], answer.body) == ("8", b"")


def test_events_are_not_held_back(raw):
    """A chunk reaches the client before the next one exists."""
    connection = raw.connection()
    connection.request("GET", "/events")
    response = connection.getresponse()
    assert response.read1() == b"data: 1\n\n"
    raw.ask("/go-on")
    assert response.read1() == b"data: 2\n\n"
    connection.close()


def test_a_client_that_leaves_ends_its_stream(start):
    """The generator of an abandoned answer is closed, and its thread is free."""
    worker = start.fork(
        """
        import threading
        ended = threading.Event()

        def app(environ, start_response):
            start_response("200 OK", [])
            if environ["PATH_INFO"] == "/ended":
                return [str(ended.wait(20)).encode()]
            def endless():
                try:
                    while True:
                        yield b"x" * 65536
                finally:
                    ended.set()
            return endless()
        """
    )
    worker.ready()
    connection = worker.connection()
    connection.request("GET", "/")
    assert connection.getresponse().read(10)
    connection.close()
    assert worker.ask("/ended").body == b"True"


def test_header_values_leave_as_the_bytes_that_were_meant(raw):
    """PEP 3333 spells bytes as Latin-1; the same bytes go to the client."""
    assert b"x-utf8: caf\xc3\xa9\r\n" in raw.send(
        b"GET /header HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )


def test_bodies_are_read_in_every_way(raw):
    """`read`, `readline` with and without a size, and `readlines` all work."""
    assert raw.ask("/read", "POST", b"hello").body == b"hello"
    lines = raw.ask("/lines", "POST", b"first\nsecond\nthird").body
    assert lines == b"[b'fir', b'st\\n', b'second\\n', b'third']"


def test_large_and_chunked_bodies_arrive_whole(raw):
    """Neither the size nor the framing of a body matters."""
    body = bytes(range(256)) * 8192
    assert raw.ask("/read", "POST", body).body == body
    connection = raw.connection()
    connection.request("POST", "/read", body=_parts(body), encode_chunked=True)
    assert connection.getresponse().read() == body
    connection.close()


def _parts(body: bytes) -> Iterator[bytes]:
    yield from (body[i : i + 10_000] for i in range(0, len(body), 10_000))


def test_half_a_body_is_an_error(raw):
    """A client that goes away within its body is not taken for one that finished."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(raw.socket)
        client.sendall(
            b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
        )
        client.shutdown(socket.SHUT_WR)
        client.recv(65_536)
    assert raw.ask("/body").status == 200
    assert "the client went away within its request" in raw.log()


def test_no_variable_of_the_process_gets_into_a_request(start):
    """Secrets stay out of the environ, and `SCRIPT_NAME` comes from the plan alone."""
    environment = {"STRIPE_KEY": "sk-canary", "SCRIPT_NAME": "/evil", "PATH": "/bin"}
    worker = start.fork(RAW, environment=environment)
    worker.ready()
    seen = worker.ask("/environ").body
    assert b"canary" not in seen
    assert b"evil" not in seen


@pytest.mark.parametrize(
    ("server", "seen"), [("granian", b""), ("threaded", b"caf\xc3\x83\xc2\xa9")]
)
def test_what_becomes_of_header_values_beyond_ascii(start, server, seen):
    """They are empty with granian, which the docs say, and whole with Werkzeug."""
    worker = start.fork(RAW, server=server)
    worker.ready()
    answer = worker.send(
        b"GET /environ/get?HTTP_X_NAME HTTP/1.1\r\nHost: x\r\n"
        b"Connection: close\r\nX-Name: caf\xc3\xa9\r\n\r\n"
    )
    assert answer.replace(b"\r\n0\r\n\r\n", b"").endswith(b"\n" + seen)


def test_cookies_are_one_header(raw):
    """Repeated `Cookie` headers are joined as RFC 6265 writes them."""
    head = b"GET /environ/get?HTTP_COOKIE HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = raw.send(head + b"Cookie: a=1; b=2\r\nCookie: c=3\r\n\r\n")
    assert answer.endswith(b"a=1; b=2; c=3")


def test_output_arrives_line_by_line(raw):
    """stdout, stderr and `wsgi.errors` are in the log as soon as they are written."""
    raw.ask("/stdout")
    assert raw.log().splitlines()[-3:] == ["to stdout", "to stderr", "to wsgi.errors"]


@pytest.mark.parametrize(
    ("target", "method", "body"),
    [
        ("/body?q=1", "GET", None),
        ("/declared", "HEAD", None),
        ("/write", "GET", None),
        ("/body", "POST", b"a=1"),
        ("/caf%C3%A9", "GET", None),
    ],
)
def test_the_validator_of_the_standard_library_agrees(start, target, method, body):
    """`wsgiref.validate` finds nothing wrong with this server."""
    worker = start.fork(RAW, environment={"VALIDATE": "1"}, mounts=["/shop"])
    worker.ready()
    answer = worker.ask(target, method, body, {"x-forwarded-prefix": "/shop"})
    assert answer.status in {200, 404}, worker.log()
    assert "Assertion" not in worker.log()
