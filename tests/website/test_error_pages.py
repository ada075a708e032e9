"""The layout's pages of errors, where a service has none of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, render_template
from werkzeug.exceptions import HTTPException, NotFound

from glassware import current
from glassware.current import Incoming
from sites_on_disk import write
from website.looks import ERROR, HTML, application, joined, layout


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Path]:
    """A layout with a page for any error, and one for 403."""
    files = {"templates/error.html": ERROR, "templates/403.html": "no entry"}
    with layout(tmp_path / "layout", files) as folder:
        yield folder


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An application in which much goes wrong."""
    app = application(tmp_path / "app")

    @app.get("/missing")
    def missing() -> str:
        abort(404, "no <b>product</b> 7")

    @app.get("/status/<int:status>")
    def status(status: int) -> str:
        abort(status)

    @app.get("/own")
    def own() -> str:
        raise NotFound(response=Response("mine", 404))

    @app.get("/fail")
    def fail() -> str:
        raise ValueError("a secret")

    @app.get("/away")
    def away() -> Response:
        return redirect("/missing")

    return app


@pytest.mark.usefixtures("look")
def test_a_browser_gets_the_site_s_page(app: Flask) -> None:
    """With the status, what was said of it, and who says so; nothing of it is HTML."""
    answer = joined(app).test_client().get("/missing", headers=HTML)

    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert answer.text == (
        "<title>shop</title>404|Not Found|no &lt;b&gt;product&lt;/b&gt; 7|catalog|"
    )


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("status", [400, 401, 404, 405, 429, 500, 503])
def test_every_status(app: Flask, status: int) -> None:
    """One template is enough for all of them."""
    answer = joined(app).test_client().get(f"/status/{status}", headers=HTML)

    assert answer.status_code == status
    assert f">{status}|" in answer.text


@pytest.mark.usefixtures("look")
def test_a_status_can_have_its_own(app: Flask) -> None:
    """`site/403.html` is the page of that status alone."""
    answer = joined(app).test_client().get("/status/403", headers=HTML)

    assert (answer.status_code, answer.text) == (403, "no entry")


@pytest.mark.usefixtures("look")
def test_an_error_keeps_its_headers(app: Flask) -> None:
    """What a 405 allows is still said."""
    answer = joined(app).test_client().post("/missing", headers=HTML)

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert ">405|" in answer.text


@pytest.mark.usefixtures("look")
def test_a_failure_tells_a_visitor_nothing(app: Flask) -> None:
    """What a view raised is no visitor's business."""
    answer = joined(app).test_client().get("/fail", headers=HTML)

    assert answer.status_code == 500
    assert ">500|" in answer.text
    assert "secret" not in answer.text


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html;q=0", ""])
def test_a_program_gets_the_short_answer(app: Flask, accept: str) -> None:
    """Who does not ask for HTML, such as a neighbour, gets what Flask says."""
    answer = joined(app).test_client().get("/missing", headers={"Accept": accept})

    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text


@pytest.mark.usefixtures("look")
def test_a_fragment_gets_the_short_answer(app: Flask) -> None:
    """No page becomes a piece of a page."""
    joined(app)
    token = current.incoming.set(Incoming(fragment="-"))
    try:
        answer = app.test_client().get("/missing", headers=HTML)
    finally:
        current.incoming.reset(token)

    assert "<title>shop" not in answer.text


@pytest.mark.usefixtures("look")
def test_what_is_no_error_passes(app: Flask) -> None:
    """Redirects, and answers that a view aborted with, are the service's."""
    client = joined(app).test_client()

    assert client.get("/own", headers=HTML).text == "mine"
    assert client.get("/away", headers=HTML).status_code in {302, 303}


def _for_a_status(app: Flask) -> None:
    app.register_error_handler(404, lambda _: ("mine", 404))


def _for_a_class(app: Flask) -> None:
    app.register_error_handler(NotFound, lambda _: ("mine", 404))


def _for_all(app: Flask) -> None:
    app.register_error_handler(HTTPException, lambda _: ("mine", 404))


def _for_everything(app: Flask) -> None:
    app.register_error_handler(Exception, lambda _: ("mine", 404))


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize(
    "handle", [_for_a_status, _for_a_class, _for_all, _for_everything]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_service_s_own_handler_wins(app: Flask, handle: object, first: bool) -> None:
    """However general it is, and whether it is there before or after."""
    if first:
        handle(app)
    joined(app)
    if not first:
        handle(app)

    assert app.test_client().get("/missing", headers=HTML).text == "mine"


@pytest.mark.usefixtures("look")
def test_a_blueprint_s_own_handler_wins(app: Flask) -> None:
    """And the others' views have the site's page."""
    part = Blueprint("part", __name__)
    part.add_url_rule("/part", view_func=lambda: abort(404))
    part.register_error_handler(HTTPException, lambda _: ("part's", 404))
    app.register_blueprint(part)
    client = joined(app).test_client()

    assert client.get("/part", headers=HTML).text == "part's"
    assert ">404|" in client.get("/missing", headers=HTML).text


@pytest.mark.usefixtures("look")
def test_a_debugger_gets_its_exception(app: Flask) -> None:
    """What Flask lets through to a debugger goes through."""
    joined(app).debug = True

    with pytest.raises(ValueError, match="a secret"):
        app.test_client().get("/fail", headers=HTML)


def test_a_page_that_fails_says_where_in_development(tmp_path: Path) -> None:
    """The page is Flask's own then, with the layout's file and line."""
    files = {"templates/error.html": "one\n{{ nothing.at.all }}"}
    with layout(tmp_path / "layout", files, development=True) as folder:
        answer = (
            joined(application(tmp_path / "app"))
            .test_client()
            .get("/nowhere", headers=HTML)
        )

    assert answer.status_code == 404
    assert f"{folder / 'templates/error.html'}:2" in answer.text


def test_a_page_that_fails_tells_a_visitor_nothing(look: Path, app: Flask) -> None:
    """In production he gets Flask's own; the log has the rest."""
    write(look, {"templates/error.html": "{% if %}"})

    answer = joined(app).test_client().get("/missing", headers=HTML)

    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text
    assert str(look) not in answer.text


def test_a_broken_base_says_where_in_development(tmp_path: Path) -> None:
    """A view that extends it shows file and line, not a bare 500."""
    files = {"templates/base.html": "one\n{% block %}", "templates/error.html": ERROR}
    with layout(tmp_path / "layout", files, development=True) as folder:
        page = {"templates/page.html": '{% extends "site/base.html" %}'}
        app = application(tmp_path / "app", page)
        app.add_url_rule("/", view_func=lambda: render_template("page.html"))
        answer = joined(app).test_client().get("/", headers=HTML)

    assert answer.status_code == 500
    assert f"{folder / 'templates/base.html'}:2" in answer.text


def test_a_page_that_extends_the_layout_is_not_taken_for_it(tmp_path: Path) -> None:
    """What fails in a service's own block is no fault of the template around it."""
    with layout(tmp_path / "layout", {"templates/error.html": ERROR}, development=True):
        page = '{% extends "site/base.html" %}{% block content %}{{ no.at.all }}{% endblock %}'
        app = application(tmp_path / "app", {"templates/page.html": page})
        app.add_url_rule("/", view_func=lambda: render_template("page.html"))
        answer = joined(app).test_client().get("/", headers=HTML)

    assert answer.status_code == 500
    assert "base.html" not in answer.text


def test_a_layout_without_pages_changes_nothing(tmp_path: Path) -> None:
    """Flask's own page is what is left."""
    with layout(tmp_path / "layout"):
        answer = (
            joined(application(tmp_path / "app"))
            .test_client()
            .get("/nowhere", headers=HTML)
        )

    assert "<h1>Not Found</h1>" in answer.text
