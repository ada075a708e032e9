"""What a caller goes on with where there is no answer."""

import logging
import threading

import pytest

from glassware.environment import Policy
from glassware.errors import (
    BadAnswer,
    CircuitOpen,
    DeadlineExceeded,
    NotAllowed,
    Unavailable,
    UnknownService,
)
from glassware.service import fallback
from glassware.service.client import services
from glassware.service.fallback import _Quiet
from service.http_worker import answer, answering, read


@pytest.mark.parametrize(
    ("value", "content", "kind"),
    [
        ([], b"[]", "application/json"),
        ({"a": "ü"}, '{"a":"ü"}'.encode(), "application/json"),
        (None, b"null", "application/json"),
        ("tëxt", "tëxt".encode(), "text/plain; charset=utf-8"),
        (b"\x00", b"\x00", "application/octet-stream"),
    ],
)
def test_any_value_can_stand_in(catalog, start, value, content, kind):
    """Bytes and text as they are, everything else as JSON."""
    start(answering(lambda _: answer(b"broken", "500 I")))
    response = catalog.get("/x", fallback=value)
    assert response.is_fallback
    assert response.ok
    assert response.status_code == 200
    assert response.raise_for_status() is response
    assert response.content == content
    assert response.headers["Content-Type"] == kind
    assert response.url == "http://catalog/x"
    if kind == "application/json":
        assert response.json() == value
    if isinstance(value, str):
        assert response.text == value


@pytest.mark.parametrize("status", ["200 OK", "302 F", "404 N", "499 X"])
def test_an_answer_is_no_reason(catalog, start, status):
    """Below 500 the neighbour has said what it has to say."""
    start(answering(lambda _: answer(b"said", status)))
    response = catalog.get("/", fallback=[])
    assert not response.is_fallback
    assert response.error is None
    assert response.text == "said"


def test_the_error_is_kept(catalog, start):
    """Whoever wants to know why can look."""
    start(answering(lambda _: answer(b"", "503 S")))
    error = catalog.get("/x", fallback=[]).error
    assert isinstance(error, BadAnswer)
    assert error.response.status_code == 503
    assert error.call.attempts == 3


def test_every_kind_of_no_answer(become, wire, folder, start):
    """Cut off, late, cut in two, left alone: all are gone on without."""
    become(
        neighbours={"catalog": f"unix:{folder}/ready"},
        policies={"catalog": Policy(breaker=3, retries=0)},
    )
    enough = threading.Event()

    def serve(connection):
        for request in read(connection):
            if request.target == "/late":
                enough.wait(30)
            if request.target == "/half":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            return

    start(serve)
    errors = [
        type(services.catalog.get(path, fallback=[], timeout=0.2).error)
        for path in ("/cut", "/late", "/half", "/none")
    ]
    assert errors == [Unavailable, DeadlineExceeded, BadAnswer, CircuitOpen]
    enough.set()


def test_mistakes_of_the_caller_are_no_reason(become, catalog):
    """They are to be noticed, not lived with."""
    with pytest.raises(ValueError, match="starts with"):
        catalog.get("x", fallback=[])
    with pytest.raises(UnknownService):
        services.catalogue.get("/", fallback=[])
    become(neighbours={"accounts": "unix:/x"}, calls=())
    with pytest.raises(NotAllowed) as caught:
        services.accounts.get("/", fallback=[])
    assert caught.value.call.neighbour == "accounts"


def test_a_fallback_that_cannot_be_one_is_noticed_in_good_times(catalog, start):
    """Not on the day on which it is needed."""
    start(answering(lambda _: answer()))
    with pytest.raises(TypeError, match="JSON"):
        catalog.get("/", fallback=object())


def test_it_is_said_once_a_minute(caplog):
    """One line for each neighbour and minute, however many pages go without."""
    now = [0.0]
    quiet = _Quiet(lambda: now[0])
    caplog.set_level(logging.WARNING, "glassware.calls")
    for seconds in (0.0, 1.0, 59.0, 61.0, 62.0):
        now[0] = seconds
        quiet("storefront", "reviews", Unavailable("it is gone"))
    quiet("storefront", "catalog", Unavailable("so is this"))
    assert [record.getMessage() for record in caplog.records] == [
        "going on without `reviews`: it is gone",
        "going on without `reviews`: it is gone",
        "going on without `catalog`: so is this",
    ]


def test_it_is_said_at_all(catalog, folder, caplog, monkeypatch):
    """A page that goes without something leaves a trace of it."""
    monkeypatch.setattr(fallback, "_told", _Quiet())
    (folder / "ready").mkdir()
    catalog.get("/", fallback=[], timeout=0.05)
    assert "going on without `catalog`: `catalog` was not reached" in caplog.text
