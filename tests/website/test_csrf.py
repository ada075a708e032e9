"""Tokens of other services: what a service says that is asked for one."""

import sys
import threading

import pytest
from flask import (
    Flask,
    Response,
    redirect,
    render_template_string,
    request,
    session,
)

from glassware.website.sessions.csrf import FIELD, TOKEN
from website.fragment_sites import application, fragment_site
from website.joined import Told, joined


def protected():
    """A service with tokens of its own making, which lets nobody in."""
    app = Flask("protected")

    @app.context_processor
    def nothing():
        return {}

    @app.template_global()
    def csrf_token():
        session.setdefault("csrf", "of <this> visitor")
        return session["csrf"]

    @app.before_request
    def keep_out() -> Response | None:
        return None if request.endpoint else redirect("/sign-in")

    @app.errorhandler(Exception)
    def failed(error):
        return "failed", 500

    return app


def plain():
    """A service without."""
    return Flask("plain")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A service with tokens, and one without."""
    monkeypatch.delitem(sys.modules, "flask_wtf", raising=False)
    services = {"a": Told(app=protected), "b": Told(app=plain)}
    with joined(tmp_path, services) as site:
        yield site


NEIGHBOUR = {"X-Glassware-Via": "storefront"}


def test_a_neighbour_is_given_a_field(site):
    """Before whatever sends visitors to the sign-in, and with the session's cookie."""
    answer = site.browser().get(f"/a{FIELD}", headers=NEIGHBOUR)

    assert answer.text == (
        '<input type="hidden" name="csrf_token" value="of &lt;this&gt; visitor">'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Set-Cookie"].startswith("a_session=")


def test_a_neighbour_is_given_a_token(site):
    """For scripts; it is escaped, as it stands in an attribute."""
    answer = site.browser().get(f"/a{TOKEN}", headers=NEIGHBOUR)

    assert answer.text == "of &lt;this&gt; visitor"


def test_a_visitor_is_not(site):
    """For the world there is no such page."""
    answer = site.browser().get(f"/a{FIELD}")

    assert answer.status_code in {302, 303}
    assert "Set-Cookie" not in answer.headers


def test_a_service_without_tokens_says_so(site):
    """The line is for the log of the page's service."""
    answer = site.browser().get(f"/b{FIELD}", headers=NEIGHBOUR)

    assert answer.status_code == 404
    assert answer.text == "`b` has no CSRF tokens: it needs Flask-WTF"


def test_a_block_stands_where_there_is_no_token(tmp_path):
    """Each form has its own; where there is a token, nobody sees one."""

    def home():
        return render_template_string(
            "{% call csrf_field('cart') %}no cart{% endcall %}"
            "{% call csrf_field('cart') %}none{% endcall %}"
            "{% call csrf_field('a') %}no a{% endcall %}"
        )

    apps = {"storefront": application(home=home), "cart": plain(), "a": protected()}
    apps["a"].secret_key = "of a test, and long enough"
    with fragment_site(tmp_path, **apps) as site:
        page = site.get("/home").text

    assert page.startswith("no cartnone<input")
    assert "no a" not in page


def test_a_token_has_a_deadline_of_its_own(tmp_path):
    """A page goes on without one that takes longer."""
    never = threading.Event()
    late = Flask("late")
    late.secret_key = "of a test, and long enough"

    @late.template_global()
    def csrf_token():
        never.wait(0.3)
        return "late"

    def home():
        return render_template_string(
            "{% call csrf_field('late', deadline=0.05) %}too late{% endcall %}"
        )

    with fragment_site(tmp_path, storefront=application(home=home), late=late) as site:
        page = site.get("/home").text

    assert page.startswith("too late")
