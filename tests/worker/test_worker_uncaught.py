"""Errors of calls that a view does not catch: their status, and nothing else changes."""

from http.client import IncompleteRead, RemoteDisconnected

import pytest

from waiting import until
from worker.applications import APPLICATIONS, DJANGO_WSGI, FLASK


RAISES = """
from glassware import errors

def fail(name):
    raise getattr(errors, name)(f"`reviews` was called by {name}")
"""
HEARING = ["flask", "quart", "django", "django-async"]
STATUSES = [
    ("CallError", 502),
    ("UnknownService", 502),
    ("NotAllowed", 502),
    ("BadAnswer", 502),
    ("Unavailable", 503),
    ("CircuitOpen", 503),
    ("DeadlineExceeded", 504),
]


@pytest.fixture
def serve(start):
    """Start a worker of an application, with handlers of its own."""

    def serve(name, own="", **facts):
        text = APPLICATIONS.get(name, name).replace("# own handlers", own)
        worker = start.fork({"app.py": text, "raises.py": RAISES}, **facts)
        worker.ready()
        return worker

    return serve


@pytest.mark.parametrize("name", APPLICATIONS)
def test_each_error_of_a_call_has_its_status(serve, name):
    """Whatever the framework; one that may pass says when to come again."""
    worker = serve(name)
    for error, status in STATUSES:
        answer = worker.ask(f"/fail/{error}")
        assert answer.status == status, error
        assert answer.headers["Retry-After"] == ("1" if status == 503 else None)
    assert worker.ask("/fail/GlasswareError").status == 500
    if "django" not in name:  # which writes nothing where it is not told to
        until(lambda: "`reviews` was called by DeadlineExceeded" in worker.log())


@pytest.mark.parametrize("server", ["threaded"])
@pytest.mark.parametrize("name", ["flask", "django", "wsgi"])
def test_other_servers_answer_alike(serve, name, server):
    """Werkzeug's shows the same."""
    worker = serve(name, server=server)
    assert worker.ask("/fail/Unavailable").status == 503
    assert worker.ask("/fail/Unavailable").headers["Retry-After"] == "1"
    assert worker.ask("/fail/DeadlineExceeded").status == 504


@pytest.mark.parametrize("name", HEARING)
def test_who_listens_for_exceptions_hears_of_it_once(serve, name):
    """Such as a service that collects them."""
    worker = serve(name)
    worker.ask("/fail/Unavailable")
    assert worker.ask("/heard").json == ["Unavailable"]
    if "django" not in name:
        assert worker.log().count("Traceback (most recent call last)") == 1


@pytest.mark.parametrize("name", ["flask", "quart"])
def test_the_page_is_the_frameworks_own(serve, name):
    """Its ordinary one for this status, and functions that run after a request run."""
    answer = serve(name).ask("/fail/DeadlineExceeded")
    assert b"<title>504 Gateway Timeout</title>" in answer.body
    assert answer.headers["X-After"] == "ran"


OWN_PAGE = """
@app.errorhandler(503)
{kind} page(error):
    return "our page of a " + str(error.code), 503
"""
OWN_PAGE_OF_ALL = """
from werkzeug.exceptions import HTTPException

@app.errorhandler(HTTPException)
{kind} page(error):
    return "our page of a " + str(error.code), error.code
"""


@pytest.mark.parametrize(("name", "kind"), [("flask", "def"), ("quart", "async def")])
@pytest.mark.parametrize("own", [OWN_PAGE, OWN_PAGE_OF_ALL])
def test_the_application_s_own_page_is_shown(serve, name, kind, own):
    """If it has one for this status, or for all of them."""
    worker = serve(name, own.format(kind=kind))
    answer = worker.ask("/fail/Unavailable")
    assert (answer.status, answer.body) == (503, b"our page of a 503")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(("name", "kind"), [("flask", "def"), ("quart", "async def")])
@pytest.mark.parametrize("caught", ["Exception", "errors.CallError"])
def test_an_application_that_handles_it_goes_on_doing_so(serve, name, kind, caught):
    """Errors of calls, or all errors."""
    own = f"""
from glassware import errors

@app.errorhandler({caught})
{kind} handle(error):
    return "handled " + type(error).__name__, 418
"""
    worker = serve(name, own)
    answer = worker.ask("/fail/Unavailable")
    assert (answer.status, answer.body) == (418, b"handled Unavailable")
    assert worker.ask("/heard").json == []


@pytest.mark.parametrize("caught", ["Exception", "errors.CallError"])
def test_so_does_one_of_starlette(serve, caught):
    """And there is one traceback, whoever answers."""
    own = f"""
from glassware import errors

async def handle(request, error):
    return PlainTextResponse("handled " + type(error).__name__, 418)

app.add_exception_handler({caught}, handle)
"""
    answer = serve("starlette", own).ask("/fail/Unavailable")
    assert (answer.status, answer.body) == (418, b"handled Unavailable")


def test_the_pages_of_starlette_stay(serve):
    """The application's own for a 500, and the one for developers, which says 500."""
    own = """
async def page(request, error):
    return PlainTextResponse("our page of a 500", 500)

app.add_exception_handler(500, page)
"""
    worker = serve("starlette", own)
    answer = worker.ask("/fail/Unavailable")
    assert (answer.status, answer.body) == (503, b"our page of a 500")
    # Starlette answers first.
    until(lambda: "Traceback (most recent call last)" in worker.log())
    worker = serve("starlette", "app.debug = True")
    assert worker.ask("/fail/Unavailable").status == 500


def test_one_that_handles_a_part_of_them_keeps_that_part(serve):
    """A handler for `Unavailable` says nothing of `DeadlineExceeded`."""
    own = """
from glassware import errors

@app.errorhandler(errors.Unavailable)
def handle(error):
    return "handled", 418

@part.errorhandler(Exception)
def handle_in_part(error):
    return "handled in part", 419
"""
    worker = serve("flask", own)
    assert worker.ask("/fail/Unavailable").status == 418
    assert worker.ask("/fail/DeadlineExceeded").status == 504
    assert worker.ask("/part/fail/DeadlineExceeded").status == 419


def test_the_pages_own_500_is_shown_where_flask_is_wrapped(serve):
    """What stands around the application hides it: then its 500 has another status."""
    own = """
from werkzeug.middleware.proxy_fix import ProxyFix

@app.errorhandler(500)
def page(error):
    return "our page of a 500", 500
"""
    worker = serve(FLASK.replace("# own handlers", own) + "\napp = ProxyFix(app)\n")
    answer = worker.ask("/fail/CircuitOpen")
    assert (answer.status, answer.body) == (503, b"our page of a 500")
    assert answer.headers["Retry-After"] == "1"
    assert worker.ask("/fail/GlasswareError").status == 500


def test_one_that_answered_while_it_was_imported_is_served_too(serve):
    """It takes no more handlers: its page is that of a 500, the status is right."""
    worker = serve(FLASK + "\napp.test_client().get('/heard')\n")
    answer = worker.ask("/fail/DeadlineExceeded")
    assert answer.status == 504
    assert b"<title>500 Internal Server Error</title>" in answer.body


def test_a_debugger_gets_the_exception(serve):
    """Not a page of a status: whoever debugs wants to see where it came from."""
    worker = serve("flask", debug=True, environment={"WERKZEUG_DEBUG_PIN": "off"})
    answer = worker.ask("/fail/Unavailable")
    assert answer.status == 500
    assert b"Werkzeug powered traceback interpreter" in answer.body


def test_a_test_gets_the_exception(serve):
    """`TESTING` lets it through; at the edge it has its status."""
    worker = serve("flask", own="app.testing = True")
    assert worker.ask("/fail/Unavailable").status == 503


def test_django_s_page_for_developers_stays(serve):
    """It is a debugger's, and says 500."""
    worker = serve(DJANGO_WSGI.replace("DEBUG=False", "DEBUG=True"))
    answer = worker.ask("/fail/Unavailable")
    assert answer.status == 500
    assert b"Unavailable at /fail/Unavailable" in answer.body


def test_what_has_begun_is_broken_off(serve):
    """There is no status to be changed any more, and no answer that looks whole."""
    worker = serve("wsgi")
    # hyper may see the end before it has sent what it has.
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        worker.ask("/broken")
    until(lambda: "`reviews` was called by Unavailable" in worker.log())
