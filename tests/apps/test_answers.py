"""Odd answers, and everything about a request, pass the gateway unchanged."""

import http.client
import io
import zipfile
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest


ODD = {
    "services/odd/service.toml": 'route = "/"\n',
    "services/odd/app.py": """
        import io
        import threading
        import zipfile

        from flask import Flask, Response, request

        app = Flask(__name__)
        asked = threading.Event()


        @app.get("/broken")
        def broken():
            return {"error": "the till is empty"}, 500


        @app.get("/status/<int:code>")
        def status(code):
            return Response("odd", status=f"{code} Our Own")


        @app.get("/bytearray")
        def as_bytearray():
            return Response(bytearray(b"eight by"), direct_passthrough=True)


        @app.get("/bytearrays")
        def as_bytearrays():
            return Response(bytearray([65 + n]) for n in range(3))


        @app.get("/seen")
        def seen():
            return {
                name: request.headers.get(name) for name in ("Host", "Referer", "Origin")
            }


        @app.post("/ask")
        def ask():
            asked.set()
            return "", 204


        @app.get("/events")
        def events():
            def stream():
                yield "data: first\\n\\n"
                assert asked.wait(20)
                asked.clear()
                yield "data: second\\n\\n"

            return Response(stream(), mimetype="text/event-stream")


        @app.get("/archive")
        def archive():
            def stream():
                buffer = io.BytesIO()
                with zipfile.ZipFile(buffer, "w") as archive:
                    archive.writestr("first.txt", "first")
                    yield buffer.getvalue()
                    sent = buffer.tell()
                    assert asked.wait(20)
                    asked.clear()
                    archive.writestr("second.txt", "second")
                yield buffer.getvalue()[sent:]

            return Response(stream(), mimetype="application/zip")
        """,
    # Not Flask: what a framework would never send.
    "services/raw/service.toml": 'route = "/raw"\n',
    "services/raw/wsgi.py": """
        def application(environ, start_response):
            status = environ["PATH_INFO"].strip("/")
            start_response(f"{status} Odd", [("X-Odd", "caf\\xe9"), ("X-Odd", "two")])
            return [bytearray(b"raw "), memoryview(b"body")]
        """,
}


@pytest.fixture(scope="module")
def site(running):
    """A service that answers oddly."""
    return running(ODD)


@contextmanager
def answer_of(site, path):
    """An answer while it arrives."""
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection("localhost", address.port, timeout=20)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()


def test_an_error_keeps_its_body(site):
    """A 500 with JSON stays what the application made of it."""
    answer = site.get("/broken")

    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"error": "the till is empty"}


@pytest.mark.parametrize("code", [299, 418, 499, 520, 599])
@pytest.mark.parametrize("place", ["/status", "/raw"])
def test_a_status_that_no_standard_knows_passes(site, place, code):
    """The gateway has no opinion about numbers."""
    assert site.get(f"{place}/{code}").status == code


@pytest.mark.parametrize("code", [600, 777, 999])
def test_a_status_beyond_599_passes(site, code):
    """Some old applications make their own."""
    assert site.get(f"/status/{code}").status == code


def test_a_bytearray_is_a_body(site):
    """In one piece or in several, whatever PEP 3333 says."""
    assert site.get("/bytearray").text == "eight by"
    assert site.get("/bytearrays").text == "ABC"
    assert site.get("/raw/200").text == "raw body"


def test_host_and_referer_are_the_browser_s(site):
    """Code that compares them with each other goes on to work."""
    sent = {"Referer": f"{site.url}/before?a=1", "Origin": site.url}
    host = urlsplit(site.url).netloc

    assert site.get("/seen", headers=sent).json() == {"Host": host, **sent}


def test_the_first_event_arrives_before_the_second_is_made(site):
    """Server-sent events are not buffered anywhere."""
    with answer_of(site, "/events") as answer:
        first = answer.readline()
        site.get("/ask", "POST")
        rest = answer.read()

    assert first == b"data: first\n"
    assert rest == b"\ndata: second\n\n"


def test_an_archive_arrives_while_it_is_made(site):
    """A file that is put together on the way is not buffered either."""
    with answer_of(site, "/archive") as answer:
        begin = answer.read1()
        site.get("/ask", "POST")
        archive = zipfile.ZipFile(io.BytesIO(begin + answer.read()))

    assert b"first.txt" in begin
    assert b"second.txt" not in begin
    assert archive.namelist() == ["first.txt", "second.txt"]
