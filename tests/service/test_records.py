"""In development, the calls made while answering a request are kept with it."""

import pytest

from glassware.current import Made
from glassware.errors import BadAnswer, NotAllowed, Unavailable
from glassware.service.client import services
from glassware.told import write_trace
from service.http_worker import answer, answering, read


@pytest.fixture
def developed(become, wire, folder):
    """The neighbour `catalog` of a site that its authors use."""
    become(development=True, neighbours={"catalog": f"unix:{folder}/ready"})
    return services.catalog


def test_a_call_is_kept_with_what_was_called_underneath(developed, start, asked):
    """Where it went, what came of it, when and for how long."""
    underneath = Made(
        neighbour="stock", method="GET", path="/7", status=200, attempts=1
    )
    trace = f"X-Glassware-Trace: {write_trace([underneath])}"
    start(answering(lambda _: answer(headers=(trace,))))
    request = asked()
    developed.get("/a?b=c")
    developed.post("/d")
    first, second = request.calls
    assert (first.neighbour, first.method, first.path) == ("catalog", "GET", "/a")
    assert (first.status, first.attempts, first.failure) == (200, 1, "")
    assert first.calls == (underneath,)
    assert 0 <= first.began <= first.began + first.seconds <= second.began
    assert (second.method, second.path) == ("POST", "/d")


def test_calls_without_an_answer_are_kept(developed, start, asked):
    """With how often they were sent, and no status."""

    def serve(connection):
        next(read(connection))

    start(serve)
    request = asked()
    with pytest.raises(Unavailable):
        developed.get("/")
    (made,) = request.calls
    assert (made.status, made.attempts) == (0, 3)


def test_a_failure_is_kept_as_it_was_told(developed, start, asked):
    """Whoever reads it knows how."""
    start(answering(lambda _: answer(b"", "500 I", ("X-Glassware-Failure: abc",))))
    request = asked()
    response = developed.get("/")
    assert request.calls[0].failure == "abc"
    with pytest.raises(BadAnswer):
        response.raise_for_status()


def test_visitors_pay_for_no_record(catalog, start, asked):
    """Outside of development nothing is kept, and without a request neither."""
    start(answering(lambda _: answer()))
    request = asked()
    catalog.get("/")
    assert request.calls == []


def test_a_call_that_was_refused_here_is_an_error_with_facts(developed, become):
    """What never left is told of as fully as everything else."""
    become(calls=(), neighbours={"catalog": "unix:/x"})
    with pytest.raises(NotAllowed) as caught:
        services.catalog.put("/a?b=c")
    call = caught.value.call
    assert (call.caller, call.neighbour, call.method) == (
        "storefront",
        "catalog",
        "PUT",
    )
    assert (call.path, call.attempts) == ("/a", 0)
