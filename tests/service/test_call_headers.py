"""What a neighbour is told besides the request itself, and what it never is."""

import re

import flask
import pytest

from glassware.service.client import services
from glassware.tokens import Key, NotACaller, NotVerified, Verifier
from service.http_worker import answer, answering


TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def seen(catalog, start) -> list[dict[str, str]]:
    """The headers of each request that reached the neighbour."""
    requests: list[dict[str, str]] = []

    def make(request):
        requests.append(dict(request.headers))
        return answer(status="503 S") if request.target == "/fails" else answer()

    start(answering(make))
    return requests


def test_the_trace_goes_on_with_a_span_for_each_attempt(catalog, seen, asked):
    """One trace, and no span twice."""
    asked(onward=(("traceparent", PARENT), ("tracestate", "a=1")))
    catalog.get("/fails")
    parents = [headers["traceparent"] for headers in seen]
    assert all(re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", p) for p in parents)
    assert len({PARENT, *parents}) == 4
    assert {headers["tracestate"] for headers in seen} == {"a=1"}


def test_a_trace_begins_where_there_is_none(catalog, seen, asked):
    """All calls made while answering one request are of one trace."""
    asked()
    catalog.get("/fails")
    catalog.get("/")
    assert len({headers["traceparent"].split("-")[1] for headers in seen}) == 1
    asked()
    catalog.get("/")
    assert seen[-1]["traceparent"].split("-")[1] != seen[0]["traceparent"].split("-")[1]


def test_a_trace_begins_under_plain_flask_too(catalog, seen):
    """What was made up for a request stays with it."""
    app = flask.Flask("storefront")
    for _ in range(2):
        with app.test_request_context("/"):
            catalog.get("/")
            catalog.get("/")
    traces = [headers["traceparent"].split("-")[1] for headers in seen]
    assert traces[0] == traces[1] != traces[2] == traces[3]


def test_a_call_of_nobody_has_one_trace(catalog, seen):
    """Without a request to answer, the attempts of one call belong together."""
    catalog.get("/fails")
    assert len({headers["traceparent"].split("-")[1] for headers in seen}) == 1
    assert len({headers["traceparent"] for headers in seen}) == 3


def test_only_what_is_listed_goes_onward(catalog, seen):
    """Cookies and credentials of the visitor stay where they are."""
    app = flask.Flask("storefront")
    visitor = {
        "traceparent": PARENT,
        "Accept-Language": "de",
        "Cookie": "session=1",
        "Authorization": "Basic x",
        "X-Forwarded-For": "10.0.0.1",
        "X-Mine": "1",
        "X-Glassware-Identity": "forged",
    }
    with app.test_request_context("/", headers=visitor):
        catalog.get("/")
        catalog.get("/", headers={"Authorization": "mine"})
    kept = {"traceparent", "Accept-Language"}
    assert kept == visitor.keys() & seen[0].keys()
    assert seen[0]["Accept-Language"] == "de"
    assert TRACE in seen[0]["traceparent"]
    assert seen[1]["Authorization"] == "mine"


def test_a_key_goes_onward_where_it_means_something(catalog, seen, asked):
    """With `POST` and `PATCH`; a key of the call's own wins."""
    asked(onward=(("Idempotency-Key", "theirs"),))
    for method in ("GET", "PUT", "DELETE", "POST", "PATCH"):
        catalog.request(method, "/")
    catalog.post("/", headers={"idempotency-key": "mine"})
    assert [h.get("Idempotency-Key") for h in seen] == [
        *[None] * 3,
        "theirs",
        "theirs",
        None,
    ]
    assert seen[-1]["idempotency-key"] == "mine"


def test_the_way_is_told(catalog, seen, asked):
    """Everybody on it, the caller last."""
    catalog.get("/")
    asked(via=("front", "cart"))
    catalog.get("/")
    assert [headers["X-Glassware-Via"] for headers in seen] == [
        "storefront",
        "front,cart,storefront",
    ]


@pytest.mark.parametrize(
    "name", ["X-Glassware-Identity", "x-glassware-deadline", "X-Glassware-New"]
)
def test_our_own_headers_are_not_for_the_caller_to_write(catalog, name):
    """Whatever begins like them is refused before anything is sent."""
    with pytest.raises(ValueError, match="is set by glassware"):
        catalog.get("/", headers={name: "x"})


def test_options_are_checked(catalog):
    """A misspelled option would be a missing one."""
    with pytest.raises(TypeError, match="no option `fallbak`"):
        catalog.get("/", fallbak=[])


@pytest.mark.parametrize("method", ["", "GET /", "G\r\nX: 1", "GÉT"])
def test_methods_that_are_none(catalog, method):
    """A method never has a second line."""
    with pytest.raises(ValueError, match="no method"):
        catalog.request(method, "/")


def test_the_caller_proves_who_it_is(become, wire, folder, start):
    """A token for this neighbour alone, under the name that it has itself."""
    key = Key.generate()
    become(
        key=key.text,
        calls=("price-list",),
        neighbours={"price-list": f"unix:{folder}/ready"},
    )
    tokens = []
    start(
        answering(
            lambda request: (
                tokens.append(request.header("X-Glassware-Identity")) or answer()
            )
        )
    )
    response = services.price_list.get("/")
    services["price-list"].post("/")
    assert len(set(tokens)) == 1
    assert tokens[0] not in repr(response.request)
    callers = {"storefront": key.public}
    assert Verifier("price-list", callers).caller(tokens[0]) == "storefront"
    with pytest.raises(NotVerified):
        Verifier("accounts", callers).caller(tokens[0])
    with pytest.raises(NotACaller):
        Verifier("price-list", {"cart": key.public}).caller(tokens[0])


def test_without_a_key_nothing_is_proved(catalog, seen):
    """A service that runs alone has none."""
    catalog.get("/")
    assert "X-Glassware-Identity" not in seen[0]
