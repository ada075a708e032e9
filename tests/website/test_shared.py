"""The site's session: one owner for each key, readable by all, forged by none."""

import base64
import json

import flask
import pytest
from flask import Flask, request

from glassware import GlasswareError, Website, site_session
from glassware.tokens import Key
from website.joined import Told, joined


def keeping():
    """A service that reads and writes what it is asked to."""
    app = Flask("keeping")

    @app.get("/")
    def index():
        return "nothing was asked of the session"

    @app.get("/all")
    def everything():
        return dict(site_session)

    @app.get("/get/<key>")
    def get(key):
        return {"value": site_session.get(key)}

    @app.post("/set/<key>")
    def write(key):
        try:
            site_session[key] = request.get_json()
        except GlasswareError as error:
            return {"refused": str(error)}, 400
        return {"now": site_session[key]}

    @app.post("/delete/<key>")
    def delete(key):
        del site_session[key]
        return {}

    @app.post("/clear")
    def clear():
        site_session.clear()
        return {}

    return app


SERVICES = {
    "storefront": Told(app=keeping, shares=("theme", "language")),
    "cart": Told(app=keeping, shares=("items",)),
    "reviews": Told(app=keeping),
}


@pytest.fixture
def site(tmp_path):
    """Three services, of which two share something."""
    with joined(tmp_path, SERVICES) as site:
        yield site


def test_every_service_reads_what_its_owner_wrote(site):
    """Lists, texts and numbers come as they were."""
    browser = site.browser()
    browser.post("/storefront/set/theme", json="dark")
    browser.post("/storefront/set/language", json=["de", "en"])
    browser.post("/cart/set/items", json={"7": 2})

    assert browser.get("/reviews/all").json == {
        "theme": "dark",
        "language": ["de", "en"],
        "items": {"7": 2},
    }
    assert browser.get("/cart/get/theme").json == {"value": "dark"}


def test_only_its_owner_writes_a_key(site):
    """The error says whose it is, or how it becomes one's own."""
    browser = site.browser()
    others = browser.post("/cart/set/theme", json="dark")
    nobodys = browser.post("/reviews/set/stars", json=5)

    assert others.json["refused"].startswith(
        "`theme` of the site's session is `storefront`'s"
    )
    assert 'shares = ["stars"]' in nobodys.json["refused"]
    assert "Set-Cookie" not in others.headers
    assert browser.get("/reviews/all").json == {}


def test_who_does_not_touch_it_pays_nothing(site):
    """No cookie is set, and pages do not vary with cookies."""
    browser = site.browser()
    browser.post("/storefront/set/theme", json="dark")
    untouched = browser.get("/reviews/")
    read = browser.get("/reviews/get/theme")

    assert "Set-Cookie" not in untouched.headers
    assert "Vary" not in untouched.headers
    assert "Set-Cookie" not in read.headers
    assert read.headers["Vary"] == "Cookie"


def test_what_is_forgotten_is_gone(site):
    """One key, or all that a service has; those of others stay."""
    browser = site.browser()
    browser.post("/storefront/set/theme", json="dark")
    browser.post("/storefront/set/language", json="de")
    browser.post("/cart/set/items", json=3)
    browser.post("/storefront/delete/theme")

    assert browser.get("/cart/all").json == {"language": "de", "items": 3}
    browser.post("/storefront/clear")
    assert browser.get("/cart/all").json == {"items": 3}
    assert browser.get_cookie("storefront_shared") is None


def test_another_visitor_has_another_one(site):
    """It is the browser's."""
    site.browser().post("/storefront/set/theme", json="dark")

    assert site.browser().get("/cart/all").json == {}


def test_too_much_is_refused_where_it_is_written(site):
    """Browsers drop cookies that are too large, without a word."""
    browser = site.browser()
    answer = browser.post("/storefront/set/theme", json="x" * 4000)

    assert "too much for the site's session" in answer.json["refused"]
    assert "3800" in answer.json["refused"]
    assert "Set-Cookie" not in answer.headers


def test_only_json_is_taken():
    """Whatever else would come back as something different."""
    app = Flask("alone")
    app.secret_key = "a secret that is long enough"
    with (
        app.test_request_context(),
        pytest.raises(TypeError, match="`theme` of the site's session takes JSON"),
    ):
        site_session["theme"] = {1, 2}


def _forged(site, key, **claims):
    said = {
        "iss": "storefront",
        "aud": "site session",
        "iat": 0,
        "exp": 4_000_000_000,
        "values": {"theme": "forged"},
    }
    return key.write(said | claims, "storefront")


def _unsigned():
    def part(what):
        return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().strip("=")

    head = {"alg": "none", "typ": "JWT", "kid": "storefront"}
    claims = {"iss": "storefront", "aud": "site session", "exp": 4_000_000_000}
    return f"{part(head)}.{part(claims | {'iat': 0, 'values': {'theme': 'forged'}})}."


@pytest.mark.parametrize(
    "forge",
    [
        lambda site: _forged(site, site.keys["cart"]),
        lambda site: _forged(site, Key.generate()),
        lambda site: _forged(site, site.keys["storefront"], exp=1000),
        lambda site: _forged(site, site.keys["storefront"], aud="flashes cart"),
        lambda site: _forged(site, site.keys["storefront"], values=["theme"]),
        lambda site: _unsigned(),
        lambda site: "nonsense",
        lambda site: "x" * 4000,
    ],
    ids=["service", "stranger", "old", "purpose", "shape", "none", "text", "large"],
)
def test_a_forged_one_is_ignored(site, forge):
    """Neither a visitor nor another service can say what the owner did not say."""
    browser = site.browser()
    browser.set_cookie("storefront_shared", forge(site))
    answer = browser.get("/cart/all")

    assert answer.status_code == 200
    assert answer.json == {}


def test_a_cookie_of_another_owner_does_not_count(site):
    """What `cart` signed for itself says nothing under the name of `storefront`."""
    browser = site.browser()
    browser.post("/cart/set/items", json=3)
    browser.set_cookie("storefront_shared", browser.get_cookie("cart_shared").value)

    assert browser.get("/reviews/all").json == {"items": 3}


def test_it_is_lost_by_nobody_who_writes_two_keys(site):
    """The second write in another request keeps the first."""
    browser = site.browser()
    browser.post("/storefront/set/theme", json="dark")
    browser.post("/storefront/set/language", json="de")

    assert browser.get("/storefront/all").json == {"theme": "dark", "language": "de"}


def test_alone_a_service_keeps_what_it_likes():
    """Under plain `flask run` there is no other that could own a key."""
    app = keeping()
    app.secret_key = "a secret that is long enough"
    Website(app)
    browser = app.test_client()
    browser.post("/set/theme", json="dark")

    assert browser.get("/all").json == {"theme": "dark"}


def test_outside_a_request_there_is_none():
    """Flask's own error says so."""
    assert not flask.has_request_context()
    with pytest.raises(RuntimeError, match="outside of request context"):
        site_session.get("theme")
