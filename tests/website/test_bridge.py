"""An application with Flask-Login, as one of many services."""

import pytest
from flask import Flask, get_flashed_messages
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.test import Client

from glassware import UsageError, identity, visitor
from glassware.service.visit_tokens import VisitVerifier
from glassware.visitors import REVOCATIONS, revoke_session
from glassware.website.visitor import renewal
from website.joined import joined
from website.visiting import House, tell_rules


PAGE = {"Accept": "text/html"}
MESSAGE = "Please log in to access this page."


class User(UserMixin):
    """A row of somebody's table."""

    def __init__(self, number):
        self.id = number


USERS = {str(number): User(number) for number in (7, 8)}


def logging_in(bridged=True, about=None):
    """An application as Flask-Login's own pages show it, and one line."""

    def make():
        app = Flask("logging_in")
        app.secret_key = "a key"
        manager = LoginManager(app)
        manager.login_view = "login"
        manager.user_loader(USERS.get)
        if bridged:
            identity.bridge(manager, about=about)

        @app.route("/login/<number>", methods=["GET", "POST"])
        @app.get("/login")
        def login(number=None):
            if number is None:
                return "sign in here" + "".join(get_flashed_messages())
            login_user(USERS[number], remember=True)
            return f"{current_user.id} {visitor.id}"

        @app.post("/logout")
        def logout():
            logout_user()
            return f"{current_user.is_authenticated} {visitor.id}"

        @app.get("/private")
        @login_required
        def private():
            return f"private of {current_user.id}"

        @app.get("/")
        def index():
            return f"{getattr(current_user, 'id', 'nobody')}"

        return app

    return make


@pytest.fixture
def house(tmp_path):
    """What the supervisor writes."""
    yield House(tmp_path)
    renewal.renewers.clear()


@pytest.fixture
def site(house):
    """Two such applications; at one of them visitors sign in."""
    about = {"accounts": lambda user: {"roles": ["member"], "name": f"N{user.id}"}}
    told = {
        name: house.told(logging_in(about=about.get(name)), name)
        for name in ("accounts", "blog")
    }
    with joined(house.folder, told) as site:
        tell_rules(site, "accounts", login="/login")
        yield site


@pytest.fixture
def browser(site):
    """A visitor."""
    return site.browser()


def test_who_logs_in_at_one_is_the_user_of_the_other(browser):
    """`login_user` signs in for the whole site."""
    assert browser.post("/accounts/login/7").text == "7 7"
    assert browser.get("/blog/").text == browser.get("/accounts/").text == "7"
    assert browser.get("/blog/private").text == "private of 7"


def test_one_log_in_is_one_sign_in(house, browser):
    """Other applications of the process hear of it as well, and leave it alone."""
    browser.post("/accounts/login/7")
    assert not (house.folder / REVOCATIONS).exists()


def test_who_logs_out_is_nobodys_user_any_more(browser):
    """Neither a session nor a cookie that remembers brings him back."""
    browser.post("/accounts/login/7")
    browser.get("/blog/private")
    assert browser.post("/accounts/logout").text == "False "
    for name in ("accounts", "blog"):
        assert browser.get(f"/{name}/").text == "nobody"
        assert browser.get(f"/{name}/private").status_code == 302


def test_who_was_signed_out_elsewhere_is_out_here_too(house, browser):
    """Whatever Flask-Login's own session and cookie say."""
    browser.post("/accounts/login/7")
    token = browser.get_cookie("visitor").value
    session = VisitVerifier("shop", house.visiting.keys).visit(token).session
    revoke_session(house.folder / REVOCATIONS, session, 2e9)
    assert browser.get("/accounts/").text == "nobody"
    assert browser.get("/blog/").text == "nobody"


def test_another_visitor_is_another_user(house, browser):
    """The visitor counts, not what a session of the former one says."""
    browser.post("/accounts/login/7")
    browser.set_cookie("visitor", house.token("8"))
    assert browser.get("/accounts/").text == browser.get("/blog/").text == "8"


def test_a_visitor_who_is_no_user_here_is_anonymous(house, browser):
    """A service may know some of the site's users only."""
    browser.set_cookie("visitor", house.token("9"))
    assert browser.get("/blog/").text == "nobody"


def test_a_stranger_is_sent_to_the_sites_page(browser):
    """Of a service that has a page of its own, too; Flask-Login's message goes along."""
    answer = browser.get("/blog/private?page=2", headers=PAGE)
    assert answer.headers["Location"] == "/accounts/login?next=/blog/private?page%3D2"
    assert MESSAGE in browser.get("/accounts/login").text


def test_elsewhere_nobody_logs_in_or_out(browser):
    """It would be undone by the next request."""
    assert browser.post("/blog/login/7").status_code == 500
    assert browser.post("/blog/logout").status_code == 500


def test_what_is_said_of_a_user_reaches_every_service(house, browser):
    """At signing in, and again with each renewal; a user who is gone is out."""
    browser.post("/accounts/login/7")
    token = browser.get_cookie("visitor").value
    visit = VisitVerifier("shop", house.visiting.keys).visit(token)
    assert (visit.roles, visit.claims["name"]) == (("member",), "N7")
    renewer = renewal.renewers["accounts"]
    assert renewer("8") == {"roles": ["member"], "name": "N8"}
    assert renewer("9") is None


def test_without_a_site_it_is_flask_login_as_it_was():
    """Such as under plain `flask run`."""
    browser = Client(logging_in()())
    answer = browser.get("/private?page=2")
    assert answer.headers["Location"] == "/login?next=/private?page%3D2"
    assert MESSAGE in browser.get("/login").text
    assert browser.post("/login/7").text == "7 "
    assert browser.get("/private").text == "private of 7"
    assert browser.post("/logout").text == "False "
    assert browser.get("/").text == "nobody"


def test_how_a_user_is_loaded_has_to_be_said():
    """At import, not at the first visit."""
    with pytest.raises(UsageError, match="how a user is loaded"):
        identity.bridge(LoginManager())
