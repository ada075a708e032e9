"""One visitor at many services: sessions, messages, forms, through the gateway."""

import http.cookiejar
import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

import pytest

from sites import ended
from waiting import until


ANY = """
    import flask
    from flask import Flask, flash, redirect, render_template_string, session
    from glassware import site_session

    app = Flask(__name__)

    @app.get("/seen")
    def seen():
        session["seen"] = session.get("seen", 0) + 1
        return {"seen": session["seen"]}

    @app.get("/show")
    def show():
        return {"messages": flask.get_flashed_messages(with_categories=True)}

    @app.get("/say")
    def say():
        flash("Saved", "success")
        return redirect(flask.url_for("cart.show"))

    @app.get("/theme")
    def theme():
        return {"theme": site_session.get("theme")}

    @app.post("/theme/<theme>")
    def choose(theme):
        site_session["theme"] = theme
        return {}
    """
CART = (
    ANY
    + """
    from flask import request
    from flask_wtf import CSRFProtect, FlaskForm
    from wtforms import StringField

    CSRFProtect(app)

    class Order(FlaskForm):
        what = StringField()

    @app.post("/order")
    def order():
        return {"ordered": request.form["what"], "valid": Order().validate()}

    @app.get("/form")
    def form():
        return render_template_string(
            '<form>{{ csrf_token() }}</form><b>{{ theme }}</b>',
            theme=site_session.get("theme"),
        )

    @app.before_request
    def members_only():
        if request.endpoint is None:
            return redirect("/sign-in")
    """
)
STOREFRONT = (
    ANY
    + """
    PAGE = '''<!doctype html><title>Shop</title>
    <form action="{{ url_for("cart.order") }}" method="post">{{ csrf_field("cart") }}
    <input name="what"></form>
    <meta name="token" content="{{ csrf_token_for("cart") }}">'''

    @app.get("/page")
    def page():
        return render_template_string(PAGE)

    @app.get("/with-fragment")
    def with_fragment():
        return render_template_string(PAGE + '{{ fragment("cart.form") }}')

    @app.get("/without")
    def without():
        return render_template_string(
            '<p>{{ csrf_field("office") }}</p><i title="{{ csrf_token_for("office") }}">'
        )
    """
)
OTHER = (
    ANY
    + """
    from flask import request
    from flask_wtf import CSRFProtect

    CSRFProtect(app)

    @app.post("/order")
    def order():
        return {"ordered": request.form["what"]}
    """
)
SITE = {
    "site.toml": 'name = "visited"\n',
    "services/storefront/app.py": STOREFRONT,
    "services/storefront/service.toml": 'route = "/"\nshares = ["theme"]\n'
    'calls = ["cart"]\n',
    "services/cart/app.py": CART,
    "services/cart/service.toml": 'route = "/cart"\n',
    "services/reviews/app.py": ANY,
    "services/reviews/service.toml": 'route = "/reviews"\n',
    "services/office/app.py": OTHER,
    "services/office/service.toml": 'route = "/office"\n',
}
GROUP = '[groups]\nweb = ["storefront", "cart", "reviews", "office"]\n'


@dataclass
class Browser:
    """A visitor with cookies, as the standard library keeps them."""

    url: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self):
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar)
        )

    def open(self, path, data=None):
        """Return status and body, after redirects."""
        body = None if data is None else urllib.parse.urlencode(data).encode()
        try:
            with self._opener.open(self.url + path, body, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def json(self, path, data=None):
        """Return the body, read as JSON."""
        status, text = self.open(path, data)
        assert status == 200, text
        return json.loads(text)

    def paths(self):
        """Return the cookies' names and paths."""
        return {cookie.name: cookie.path for cookie in self.jar}


@pytest.fixture(scope="module", params=["wire", "group"])
def running(request, tmp_path_factory):
    """The site, each service in its own process or all in one."""
    with ended(tmp_path_factory.mktemp("site") / "site") as site:
        site.write(SITE)
        if request.param == "group":
            with (site.folder / "site.toml").open("a") as manifest:
                manifest.write(GROUP)
        site.up()
        yield site


@pytest.fixture
def browser(running):
    """A new visitor."""
    return Browser(running.url)


def test_each_service_has_a_session_of_its_own(browser):
    """Its path is the service's, or the site's where a neighbour may call it."""
    for path in ("/seen", "/cart/seen", "/office/seen"):
        assert browser.json(path) == {"seen": 1}
        assert browser.json(path) == {"seen": 2}

    assert browser.paths() == {
        "storefront_session": "/",
        "cart_session": "/",
        "office_session": "/office",
    }


def test_messages_survive_a_redirect_into_another_service(browser):
    """Shown once, by the one that the visitor was led to."""
    assert browser.json("/office/say") == {"messages": [["success", "Saved"]]}
    assert browser.json("/cart/show") == {"messages": []}
    assert "office_flashes_cart" not in browser.paths()


def test_what_is_shared_is_read_everywhere(browser):
    """In processes that share nothing but the directory's public keys."""
    browser.json("/theme/dark", {})

    assert browser.json("/cart/theme") == {"theme": "dark"}
    assert browser.json("/office/theme") == {"theme": "dark"}
    assert "<b>dark</b>" in browser.open("/with-fragment")[1]
    assert browser.open("/reviews/theme/light", {})[0] == 500


def field_of(page):
    """The hidden field of a form."""
    return re.search(r'<input type="hidden" name="csrf_token" value="([^"]+)">', page)[
        1
    ]


def meta_of(page):
    """The token for scripts."""
    return re.search(r'<meta name="token" content="([^"]*)">', page)[1]


def order(token):
    """What the form sends."""
    return {"what": "bread", "csrf_token": token}


def test_a_form_of_one_page_is_taken_by_another_service(browser):
    """A first visit and later ones; by Flask-WTF's `CSRFProtect` and its forms."""
    for _ in range(2):
        status, page = browser.open("/page")
        assert status == 200
        for token in (field_of(page), meta_of(page)):
            assert browser.json("/cart/order", order(token)) == {
                "ordered": "bread",
                "valid": True,
            }


def test_a_token_counts_in_its_own_service_alone(browser):
    """Even if the visitor has a session in the other."""
    token = field_of(browser.open("/page")[1])
    browser.json("/office/seen")

    assert browser.open("/office/order", order(token))[0] == 400
    assert browser.open("/cart/order", order(token))[0] == 200


def test_a_token_counts_for_its_own_visitor_alone(browser, running):
    """Another's session does not fit."""
    other = Browser(running.url)
    other.open("/page")
    token = field_of(browser.open("/page")[1])

    assert other.open("/cart/order", order(token))[0] == 400
    assert Browser(running.url).open("/cart/order", order(token))[0] == 400
    assert browser.open("/cart/order", {"what": "bread"})[0] == 400


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_fragment_of_the_same_service_leaves_the_token_valid(browser, known):
    """Both change the visitor's session there; one holds, and all tokens are its."""
    if known:
        browser.json("/cart/seen")
    page = browser.open("/with-fragment")[1]
    inside = re.search(r"<form>([^<]+)</form>", page)[1]

    for token in (field_of(page), meta_of(page), inside):
        assert browser.open("/cart/order", order(token))[0] == 200


def test_tokens_are_made_for_neighbours_alone(browser):
    """From outside there is no such page."""
    for path in ("csrf-field", "csrf-token"):
        status, text = browser.open(f"/cart/.glassware/{path}")
        assert "csrf_token" not in text
        assert status == 404 or "office" not in text


def test_a_token_that_cannot_be_had_is_missed(browser, running):
    """The page is there; its log says why. Values of attributes are only empty."""
    status, page = browser.open("/without")

    assert status == 200
    assert '<i title="">' in page
    assert "office.csrf_field is missing" in page
    running.until(
        lambda: "may not call `office`" in running.run("logs", "storefront").stdout,
        "the line that says so",
    )


def test_another_key_signs_nobody_out(browser, running):
    """Not while the service starts anew, and not afterwards."""
    browser.json("/office/seen")
    seen, over = [], threading.Event()

    def visit():
        while not over.is_set():
            seen.append(browser.json("/office/seen")["seen"])

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        changed = running.run("restart", "office", "--new-key")
        until(lambda: len(seen) > 5)
    finally:
        over.set()
        visitor.join()

    assert changed.returncode == 0, changed.stderr
    assert seen == list(range(2, len(seen) + 2))


def test_the_key_before_the_last_one_is_dead(running):
    """What somebody has signed with it is worth nothing after the second change."""
    browser = Browser(running.url)
    browser.json("/office/seen")
    for expected in (2, 1):
        old = {(c.name, c.value) for c in browser.jar}
        running.run("restart", "office", "--new-key")
        replayed = Browser(running.url)
        for cookie in browser.jar:
            replayed.jar.set_cookie(cookie)
        assert replayed.json("/office/seen") == {"seen": expected}
        assert old == {(c.name, c.value) for c in browser.jar}
