"""Each service's session is its own: name, path, key."""

import pytest
from flask import Flask, request, session
from werkzeug.http import parse_cookie

from glassware.environment import Settings
from glassware.website.sessions.config import fault_of_key, settle
from website.joined import Told, joined


def counting(**config):
    """A service that counts what a visitor did there."""

    def make():
        app = Flask("counting")
        app.config.update(config)

        @app.get("/")
        def index():
            session["seen"] = session.get("seen", 0) + 1
            return {"seen": session["seen"]}

        @app.get("/out")
        def out():
            session.clear()
            return {}

        @app.get("/cookies")
        def cookies():
            return {"names": sorted(request.cookies)}

        return app

    return make


def set_cookies(answer):
    """The cookies that an answer sets, each with its attributes."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        pair, *attributes = line.split("; ")
        found[pair.partition("=")[0]] = dict(
            attribute.partition("=")[::2] for attribute in attributes
        )
    return found


def at(service, **more):
    """A counting service with a path of its own for cookies."""
    return Told(app=counting(), more={"cookie_path": f"/{service}", **more})


def test_two_services_never_sign_each_other_out(tmp_path):
    """What happens in one leaves the session in the other as it is."""
    with joined(tmp_path, {"a": at("a"), "b": at("b")}) as site:
        browser = site.browser()
        for _ in range(3):
            browser.get("/a/")
            browser.get("/b/")
        browser.get("/b/out")

        assert browser.get("/a/").json == {"seen": 4}
        assert browser.get("/b/").json == {"seen": 1}


def test_a_cookie_has_the_services_name_and_path(tmp_path):
    """It is sent to that service alone, and to no script."""
    with joined(tmp_path, {"a": at("a"), "b": at("b")}) as site:
        browser = site.browser()

        assert set_cookies(browser.get("/a/")) == {
            "a_session": {"HttpOnly": "", "Path": "/a", "SameSite": "Lax"}
        }
        browser.get("/b/")
        assert browser.get("/b/cookies").json == {"names": ["b_session"]}


def test_over_https_it_is_secure(tmp_path):
    """A site whose address is https sends no session in the clear."""
    with joined(tmp_path, {"a": at("a")}, url="https://shop.test") as site:
        answer = site.browser().get("/a/", base_url="https://shop.test")

    assert "Secure" in set_cookies(answer)["a_session"]


def test_what_a_service_chose_stays(tmp_path):
    """Name, path and key are the application's, if it says so."""
    chosen = {
        "SESSION_COOKIE_NAME": "mine",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SECRET_KEY": "a key that is long enough, and chosen",
    }
    with joined(tmp_path, {"a": Told(app=counting(**chosen))}) as site:
        answer = site.browser().get("/a/")

    assert set_cookies(answer) == {
        "mine": {"HttpOnly": "", "Path": "/", "SameSite": "Strict"}
    }


def test_a_root_that_a_service_chose_stays():
    """`APPLICATION_ROOT` is Flask's own way to say the cookie's path."""
    config = Flask("rooted").config
    config["APPLICATION_ROOT"] = "/shop"
    settle(config, Settings(service="a", cookie_path="/"), {})

    assert config["SESSION_COOKIE_PATH"] is None


def test_the_session_of_one_service_is_worth_nothing_in_another(tmp_path):
    """Even where somebody gave both the same key."""
    same = {"SECRET_KEY": "one key for all, as many copy it"}
    told = {
        name: Told(app=counting(**same), more={"cookie_path": "/"})
        for name in ("a", "b")
    }
    with joined(tmp_path, told) as site:
        thief = site.browser()
        line = thief.get("/a/").headers["Set-Cookie"]
        stolen = parse_cookie(line)["a_session"]
        thief.set_cookie("b_session", stolen)

        assert thief.get("/b/").json == {"seen": 1}


def test_a_session_outlives_the_change_of_its_path(tmp_path):
    """A service that neighbours call from now on does not read the cookie of before."""
    with joined(tmp_path, {"a": at("a")}) as site:
        browser = site.browser()
        browser.get("/a/")
    with joined(tmp_path, {"a": at("a", cookie_path="/")}) as site:
        again = site.browser()
        for cookie in ("/a", "/"):
            again.set_cookie("a_session", "of before", path=cookie)

        assert [again.get("/a/").json["seen"] for _ in range(3)] == [1, 2, 3]


def test_a_key_that_changes_signs_nobody_out():
    """Cookies of the key before count, and are signed anew."""
    config = Flask("rotated").config
    variables = {"SECRET_KEY": "new" * 9, "SECRET_KEY_FALLBACKS": '["older"]'}
    settle(config, Settings(service="a"), variables)

    assert config["SECRET_KEY"] == "new" * 9
    assert config["SECRET_KEY_FALLBACKS"] == ["older"]


def test_a_chosen_key_has_no_other_beside_it():
    """What was another key before is no concern of it."""
    config = Flask("chosen").config
    config["SECRET_KEY"] = "chosen" * 9
    variables = {"SECRET_KEY": "new" * 9, "SECRET_KEY_FALLBACKS": '["older"]'}
    settle(config, Settings(service="a"), variables)

    assert not config["SECRET_KEY_FALLBACKS"]


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("dev", "3 bytes"),
        (b"short", "5 bytes"),
        ("django-insecure-0123456789abcdefghijklmnop", "examples"),
        ("Change-Me-please-before-production", "examples"),
        (b'_5#y2L"F4Q8z\n\xec]/', "examples"),
    ],
)
def test_a_key_that_is_no_secret_is_noticed(key, what):
    """Short ones can be guessed, samples are known."""
    assert what in fault_of_key(key)


@pytest.mark.parametrize("key", [None, "", "k" * 16, b"\xff" * 24])
def test_a_key_that_is_a_secret_is_not(key):
    """An application without sessions needs none."""
    assert fault_of_key(key) == ""


def test_alone_a_service_has_what_flask_gives_it():
    """Without a site there is nothing to be kept apart."""
    config = Flask("alone").config
    before = dict(config)
    settle(config, Settings(), {})

    assert config == before
