"""What a worker's answers tell of their making, and to whom."""

import shlex

import pytest

from glassware.told import read_failure
from waiting import until


ASKING = {"X-Glassware-Trace": "yes"}

FLASK = """
    import logging
    from flask import Flask, abort, request

    app = Flask(__name__)

    @app.route("/products/<int:number>", methods=["GET", "POST"])
    def product(number):
        app.logger.warning("stock of %s\\nis low", number)
        logging.getLogger("other").error("also", exc_info=ValueError("seen"))
        secret = request.headers.get("Cookie", "") + request.get_data(as_text=True)
        return {1: "tea"}[number]

    @app.get("/handled")
    def handled():
        try:
            product(2)
        except KeyError:
            return "all is well"

    @app.get("/aborted")
    def aborted():
        abort(500)
    """
WITH_PAGE = """
    @app.errorhandler(500)
    def page(error):
        return "a page of its own", 500
    """
RAW = """
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/begun":
            start_response("200 OK", [("X-Of", "the first")])
        raise KeyError(7)
    """
BREAKS_OFF = """
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"begun"
        raise KeyError(7)
    """
QUART = """
    from quart import Quart
    app = Quart(__name__)

    @app.get("/products/<int:number>")
    async def product(number):
        app.logger.warning("stock is low")
        return {1: "tea"}[number]
    """
ASGI = """
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError
        if scope["path"] == "/begun":
            start = {"type": "http.response.start", "status": 500, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": b"a page", "more_body": True})
            await send({"type": "http.response.body", "body": b" of two parts"})
        raise KeyError(7)
    """
DJANGO = """
    import logging
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    def product(request, number):
        logging.getLogger("shop").warning("stock is low")
        return {1: "tea"}[number]

    urlpatterns = [path("products/<int:number>", product)]
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="s")
    app = get_wsgi_application()
    """


HANDLES_ALL = """
    @app.errorhandler(Exception)
    def everything(error):
        app.logger.exception("it failed")
        return {"error": "sorry"}, 500
    """


def failed(answer):
    """What an answer tells of its failure."""
    told = read_failure(answer.headers.get("X-Glassware-Failure", ""))
    assert told is not None, (answer.status, answer.headers.items())
    return told


@pytest.fixture
def serve(start):
    """Starts a worker in development."""

    def serving(files, **facts):
        worker = start.fork(files, **{"development": True, **facts})
        worker.ready()
        return worker

    return serving


def test_an_exception_is_told_to_who_asks(serve):
    """Class, frames, request, log lines and the command; a visitor gets none of it."""
    worker = serve(FLASK)

    answer = worker.ask("/products/7?size=a%20b", headers=ASKING)
    told = failed(answer)

    assert answer.status == 500
    assert str(told) == "KeyError: 7"
    assert [frame.function for frame in told.frames] == ["product"]
    assert told.frames[0].source[2].strip() == 'return {1: "tea"}[number]'
    assert told.hop.path == "/products/7"
    assert told.hop.log == (
        "WARNING catalog: stock of 7 ↵ is low",
        "ERROR other: also (ValueError: seen)",
    )
    assert told.hop.replay == "glassware call catalog '/products/7?size=a%20b'"
    visitor = worker.ask("/products/7")
    assert visitor.status == 500
    assert not [name for name in visitor.headers if "glassware" in name.lower()]


def test_no_secret_of_the_request_is_told(serve):
    """Its headers and its body stay where they are; the type of a body is needed."""
    told = serve(FLASK).ask(
        "/products/7",
        "POST",
        b"pass=word",
        {
            **ASKING,
            "Cookie": "session=cake",
            "Authorization": "Bearer tea",
            "Content-Type": "text/plain; a=b",
        },
    )

    words = shlex.split(failed(told).hop.replay)
    assert words[:6] == ["glassware", "call", "catalog", "/products/7", "-X", "POST"]
    assert words[6:] == ["-H", "Content-Type:text/plain; a=b", "-d", "…"]
    assert not [w for w in ("cake", "Bearer", "word") if w in repr(failed(told))]


@pytest.mark.parametrize("path", ["/products/1", "/handled", "/aborted", "/nowhere"])
def test_what_no_exception_ended_tells_of_none(serve, path):
    """An answer, even one that says 500 by itself, has no failure."""
    answer = serve(FLASK).ask(path, headers=ASKING)

    assert answer.headers["X-Glassware-Failure"] is None


def test_a_page_of_its_own_changes_nothing(serve):
    """Flask's error handlers answer, and the exception is told nevertheless."""
    answer = serve(FLASK + WITH_PAGE).ask("/products/7", headers=ASKING)

    assert answer.body == b"a page of its own"
    assert str(failed(answer)) == "KeyError: 7"


def test_a_handler_that_logs_what_it_handles(serve):
    """What it logged is told, as it raises nothing that could be heard of."""
    told = failed(serve(FLASK + HANDLES_ALL).ask("/products/7", headers=ASKING))

    assert str(told) == "KeyError: 7"
    assert told.hop.log[-1] == "ERROR catalog: it failed (KeyError: 7)"


def test_a_service_that_does_not_ask_is_not_told(serve):
    """Programs that call without our client may take no head of that size."""
    worker = serve(FLASK)

    for path in ("/products/1", "/products/7"):
        answer = worker.ask(path, headers={"X-Glassware-Via": "storefront"})
        assert not [name for name in answer.headers if "glassware" in name.lower()]


@pytest.mark.parametrize("server", ["granian", "threaded"])
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("application", [FLASK, RAW], ids=["flask", "raw"])
def test_every_way_to_answer_an_exception(serve, application, debug, server):
    """With the debugger and without, on either server."""
    worker = serve(application, debug=debug, server=server)

    answer = worker.ask("/products/7", headers=ASKING)

    assert answer.status == 500
    assert str(failed(answer)) == "KeyError: 7"
    assert (b"Werkzeug" in answer.body) is debug
    until(lambda: worker.log().count("KeyError: 7") == 1, "one traceback in the log")


def test_a_head_that_was_begun_is_replaced(serve):
    """As for anybody else: the exception wins over what was not sent yet."""
    answer = serve(RAW).ask("/begun", headers=ASKING)

    assert answer.status == 500
    assert answer.headers["X-Of"] is None
    assert str(failed(answer)) == "KeyError: 7"


def test_a_body_that_breaks_off_is_a_traceback_in_the_log(serve):
    """Its head is out; nothing can be told any more, and nothing is lost."""
    worker = serve(BREAKS_OFF)

    worker.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    until(lambda: worker.log().count("KeyError: 7") == 1, "one traceback in the log")


@pytest.mark.parametrize(
    ("application", "path", "page"),
    [
        (QUART, "/products/7", b"Internal Server Error"),
        (ASGI, "/", b"Internal Server Error"),
        (ASGI, "/begun", b"a page of two parts"),
        (DJANGO, "/products/7", b"Server Error"),
    ],
    ids=["quart", "asgi", "asgi-begun", "django"],
)
def test_other_frameworks(serve, application, path, page):
    """Their own page is sent, and the exception behind it is told."""
    worker = serve(application)

    answer = worker.ask(path, headers=ASKING)

    assert answer.status == 500
    assert page in answer.body
    told = failed(answer)
    assert str(told) == "KeyError: 7"
    if "stock" in application:
        assert [line.rpartition(": ")[2] for line in told.hop.log] == ["stock is low"]
    assert worker.ask(path).headers["X-Glassware-Failure"] is None


def test_what_an_application_writes_itself_is_replaced(serve):
    """Whoever passes on the headers of a neighbour passes on no traceback."""
    worker = serve(
        """
        def app(environ, start_response):
            start_response("500 No", [("x-glassware-failure", "old"), ("X-Own", "a")])
            return [b""]
        """
    )

    for headers in ({}, ASKING):
        answer = worker.ask("/", headers=headers)
        assert answer.headers["X-Glassware-Failure"] is None
        assert answer.headers["X-Own"] == "a"


def test_logging_is_as_it_was(serve):
    """Keeping log lines changes neither what is logged nor how."""
    application = """
        import logging
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            logging.warning("by the last resort")
            app.logger.warning("by a handler of Flask")
            logging.basicConfig(format="basic %(message)s")
            logging.warning("once more")
            return {"handlers": len(logging.getLogger().handlers)}
        """
    logs = []
    for development in (True, False):
        worker = serve(application, development=development)
        assert worker.ask("/").json == {"handlers": 1}
        until(lambda w=worker: "once more" in w.log(), "the last line")
        logs.append(
            [line.partition("] ")[2] or line for line in worker.log().split("\n")]
        )

    assert logs[0] == logs[1]


def test_in_production_nothing_is_told(serve):
    """Not even to who asks."""
    worker = serve(FLASK, development=False)

    answer = worker.ask("/products/7", headers=ASKING)

    assert answer.status == 500
    assert answer.headers["X-Glassware-Failure"] is None


def test_a_circle_is_remarked_upon_at_once(serve):
    """Also where no answer will ever come of it; once a minute for each rule."""
    worker = serve(FLASK)
    way = {"X-Glassware-Via": "storefront,catalog,storefront"}

    for number in (1, 1, 2):
        worker.ask(f"/products/{number}", headers=way)

    until(lambda: "in a circle" in worker.log(), "the remark")
    lines = [line for line in worker.log().splitlines() if "warning:" in line]
    way = "storefront → catalog → storefront → catalog"
    assert lines == [f"warning: GET /products/1 was called in a circle: {way}"]
