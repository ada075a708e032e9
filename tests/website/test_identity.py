"""Signing in and out, as a browser sees it."""

import time
from contextlib import contextmanager

import pytest
from flask import Flask, current_app, redirect, render_template_string, request, session
from werkzeug.test import Client

from glassware import UsageError, identity, visitor
from glassware.protocol import VISITOR
from glassware.service import settings
from glassware.service.visit_tokens import VisitVerifier
from glassware.visitors import REVOCATIONS, revoke_session
from glassware.website.extension import Website
from glassware.website.visitor import renewal
from website.joined import joined
from website.visiting import House


ADA = {"roles": ["admin"], "name": "Ada"}


def accounts():
    """The service that signs visitors in."""
    app = Flask("accounts")

    @app.post("/login")
    def login():
        identity.sign_in(request.form["user"], **ADA)
        return whoever()

    @app.post("/switch")
    def switch():
        identity.sign_in(7)
        identity.sign_in(8)
        return whoever()

    @app.post("/logout")
    def logout():
        identity.sign_out()
        return whoever()

    @app.post("/logout-everywhere")
    def everywhere():
        identity.sign_out_everywhere(request.form.get("user"))
        return whoever()

    @app.post("/everything")
    def everything():
        identity.sign_in(7, everything="x" * int(request.form["size"]))
        return whoever()

    @app.post("/odd")
    def odd():
        identity.sign_in(7, odd=object())
        return whoever()

    @app.post("/back")
    def back():
        return redirect(identity.next_url("/accounts/"))

    return app


def catalog():
    """A service that only looks."""
    app = Flask("catalog")
    app.add_url_rule("/", view_func=whoever)

    @app.post("/login")
    def login():
        identity.sign_in(7)
        return whoever()

    @app.get("/static-page")
    def page():
        return "for everybody"

    @app.get("/template")
    def template():
        return render_template_string("{{ visitor.claims.name or 'stranger' }}")

    return app


def whoever():
    """All that is known of the visitor."""
    return {
        "id": visitor.id,
        "in": bool(visitor),
        "roles": visitor.roles,
        "claims": dict(visitor.claims),
        "shown": repr(visitor),
    }


@pytest.fixture
def house(tmp_path):
    """What the supervisor writes."""
    return House(tmp_path)


@contextmanager
def site_of(house, url="http://localhost"):
    """Two services, of which one signs visitors in."""
    told = {
        "accounts": house.told(accounts, "accounts"),
        "catalog": house.told(catalog),
    }
    with joined(house.folder, told, url=url) as site:
        yield site


@pytest.fixture
def site(house):
    """Two services, of which one signs visitors in."""
    with site_of(house) as site:
        yield site


def sign_in(browser, user="7"):
    """Sign a browser in."""
    return browser.post("/accounts/login", data={"user": user})


def cookies(answer):
    """The cookies that an answer sets, with what is said of them."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        pair, *said = line.split("; ")
        name, _, value = pair.partition("=")
        found[name] = value, set(said)
    return found


def test_who_signs_in_at_one_service_is_known_at_the_others(site):
    """With the id, as text, the roles, and whatever else was said."""
    browser = site.browser()
    here = sign_in(browser).json
    there = browser.get("/catalog/").json
    assert here == there
    shown = "<Visitor: '7' (admin)>"
    claims = {"name": "Ada"}
    assert there == {
        "id": "7",
        "in": True,
        "roles": ["admin"],
        "claims": claims,
        "shown": shown,
    }
    assert browser.get("/catalog/template").text == "Ada"


def test_a_stranger_is_a_visitor_too(site):
    """A value that says so, and no error in any page."""
    browser = site.browser()
    shown = "<Visitor: anonymous>"
    nobody = {"id": "", "in": False, "roles": [], "claims": {}, "shown": shown}
    assert browser.get("/catalog/").json == nobody
    assert browser.get("/catalog/template").text == "stranger"


def test_what_was_made_for_one_visitor_says_so_to_caches(site):
    """Whether or not he is known; a page that did not look is for everybody."""
    browser = site.browser()
    assert browser.get("/catalog/").headers["Vary"] == "Cookie"
    assert sign_in(browser).headers["Vary"] == "Cookie"
    assert "Vary" not in browser.get("/catalog/static-page").headers


def test_cookies_are_for_the_site_alone_and_for_no_script(site):
    """Both of them live for as long as somebody is remembered."""
    said = {"Max-Age=1209600", "HttpOnly", "Path=/", "SameSite=Lax"}
    set_ = cookies(sign_in(site.browser()))
    assert {name: said for name, (_, said) in set_.items()} == {
        "visitor": said,
        "visitor_renewal": said,
    }


def test_over_https_cookies_promise_what_the_browser_keeps(house):
    """No other host and no page of http can have set them."""
    said = {"Max-Age=1209600", "HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    with site_of(house, "https://localhost") as site:
        set_ = cookies(sign_in(Client(site._whole)))
        assert {name: said for name, (_, said) in set_.items()} == {
            "__Host-visitor": said,
            "__Host-visitor_renewal": said,
        }
        house.say(domain="shop.test")
        set_ = cookies(sign_in(Client(site._whole)))
        assert {name: said for name, (_, said) in set_.items()} == {
            "__Secure-visitor": said | {"Domain=shop.test"},
            "__Secure-visitor_renewal": said | {"Domain=shop.test"},
        }


def test_each_sign_in_is_a_new_one_and_ends_the_former_one_of_the_browser(site, house):
    """Whoever has put his own cookie into a browser gets nothing of what comes."""
    attacker, victim = site.browser(), site.browser()
    planted = cookies(sign_in(attacker, "666"))["visitor"][0]
    victim.set_cookie("visitor", planted)
    fresh = cookies(sign_in(victim))["visitor"][0]
    verifier = VisitVerifier("shop", house.visiting.keys)
    assert verifier.visit(fresh).session != verifier.visit(planted).session
    assert victim.get("/catalog/").json["id"] == "7"
    assert attacker.get("/catalog/").json["id"] == ""


def test_of_two_sign_ins_within_one_request_the_last_one_counts(site):
    """One cookie of each name is set."""
    browser = site.browser()
    answer = browser.post("/accounts/switch")
    assert len(answer.headers.getlist("Set-Cookie")) == 2
    assert answer.json["id"] == browser.get("/catalog/").json["id"] == "8"


def test_who_signs_out_is_out_everywhere_at_once(site):
    """Also for whoever has kept the token; other browsers stay in."""
    browser, thief, phone = site.browser(), site.browser(), site.browser()
    token = cookies(sign_in(browser))["visitor"][0]
    sign_in(phone)
    thief.set_cookie("visitor", token)
    assert thief.get("/catalog/").json["id"] == "7"
    answer = browser.post("/accounts/logout")
    assert answer.json["in"] is False
    assert browser.get_cookie("visitor") is browser.get_cookie("visitor_renewal")
    assert browser.get_cookie("visitor") is None
    assert thief.get("/catalog/").json["in"] is False
    assert phone.get("/catalog/").json["id"] == "7"


def test_a_user_can_be_signed_out_in_every_browser(site):
    """By somebody else, who stays in, or by himself; and may come back."""
    admin, browser, phone = site.browser(), site.browser(), site.browser()
    sign_in(admin, "1")
    sign_in(browser)
    sign_in(phone)
    assert admin.post("/accounts/logout-everywhere", data={"user": 7}).json["id"] == "1"
    assert browser.get("/catalog/").json["in"] is False
    assert phone.get("/catalog/").json["in"] is False
    sign_in(phone)
    assert phone.get("/catalog/").json["id"] == "7"
    assert phone.post("/accounts/logout-everywhere").json["in"] is False
    assert phone.get_cookie("visitor") is None
    assert admin.get("/catalog/").json["id"] == "1"


def test_a_sign_out_that_cannot_be_written_down_is_an_error(site, house):
    """Nobody is told that he is out while he is not."""
    browser = site.browser()
    sign_in(browser)
    (house.folder / REVOCATIONS).mkdir()
    assert browser.post("/accounts/logout").status_code == 500
    assert browser.get_cookie("visitor") is not None


def test_another_service_signs_nobody_in(site):
    """The error names the service that does."""
    browser = site.browser()
    assert browser.post("/catalog/login").status_code == 500
    assert browser.get_cookie("visitor") is None


def test_errors_say_who_signs_in_and_what_is_missing(house, monkeypatch):
    """Elsewhere, without a request, without an id, without a site."""
    for name, value in house.variables("catalog").items():
        monkeypatch.setenv(name, value)
    said = r"`catalog` may not `sign_in`.*`accounts`"
    with known(), pytest.raises(UsageError, match=said):
        identity.sign_in(7)
    for name, value in house.variables("accounts").items():
        monkeypatch.setenv(name, value)
    with known():
        with pytest.raises(UsageError, match="there is none"):
            identity.sign_in(7)
        with Flask("x").test_request_context():
            for nobody in (None, ""):
                with pytest.raises(UsageError, match="without an id"):
                    identity.sign_in(nobody)
            with pytest.raises(UsageError, match="is a list"):
                identity.sign_in(7, roles="admin")
    monkeypatch.undo()
    with known(), pytest.raises(UsageError, match="a service that runs alone"):
        identity.sign_out()


@contextmanager
def known():
    """Read the variables anew."""
    settings.forget()
    yield
    settings.forget()


@pytest.mark.parametrize(
    ("path", "data"), [("/everything", {"size": "3000"}), ("/odd", {})]
)
def test_what_no_cookie_can_hold_is_an_error_at_sign_in(site, path, data, caplog):
    """A browser would drop it in silence, and nobody would ever be signed in."""
    browser = site.browser()
    answer = browser.post(f"/accounts{path}", data=data)
    assert answer.status_code == 500
    assert "cannot be signed in" in caplog.text
    assert browser.get_cookie("visitor") is None


def test_about_two_kilobytes_of_claims_fit(site):
    """It is what the reference promises."""
    browser = site.browser()
    browser.post("/accounts/everything", data={"size": "2000"})
    assert len(browser.get("/catalog/").json["claims"]["everything"]) == 2000


SAFE = [
    "/",
    "/catalog/",
    "/catalog/?page=2&next=//evil.test",
    "/catalog/a%20b#part",
    "http://localhost/catalog/",
    "http://localhost",
    "/%C3%A4",
    "/a:b",
    "/user@host",
]
UNSAFE = [
    "",
    "//evil.test",
    "///evil.test",
    "////evil.test/%2f..",
    "/\\evil.test",
    "\\\\evil.test",
    "\\/evil.test",
    "/catalog\\..\\..",
    "/\t/evil.test",
    "\t//evil.test",
    " //evil.test",
    "/\n/evil.test",
    "/catalog/\r\nSet-Cookie: visitor=x",
    "\x00//evil.test",
    "\x1f//evil.test",
    "\u2028//evil.test",
    "/\u00a0/evil.test\x85",
    "https:evil.test",
    "http:evil.test",
    "http:/evil.test",
    "http:///evil.test",
    "https://evil.test",
    "https://localhost/",
    "http://localhost@evil.test/",
    "http://localhost:80@evil.test/",
    "http://evil.test/localhost",
    "http://localhost.evil.test/",
    "http://localhostevil.test/",
    "http://localhost:9000/",
    "http://localhost\\@evil.test",
    "http://localhost%2eevil.test",
    "http://user@localhost/",
    "http://[::1]/",
    "http://[evil",
    "HTTP://EVIL.TEST",
    "ftp://localhost/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.test",
    "catalog/",
    "?next=//evil.test",
    "#x",
    "/%2f/evil.test",
    "/%2Fevil.test",
    "/%5cevil.test",
    "/%09/evil.test",
    "/%0d%0aSet-Cookie:x",
    "/%252fevil.test",
    "/.//evil.test",
    "/catalog/..//evil.test",
    "/" + "x" * 3000,
]


@pytest.mark.parametrize("address", SAFE)
def test_a_page_of_the_site_is_a_way_back(site, address):
    """It is followed as it was said."""
    answer = site.browser().post("/accounts/back", data={"next": address})
    assert answer.headers["Location"] == address


@pytest.mark.parametrize("address", UNSAFE)
def test_nobody_is_sent_to_another_site_after_signing_in(site, address):
    """However it is spelled; the visitor goes where he would go without it."""
    browser = site.browser()
    said = browser.post("/accounts/back", data={"next": address})
    assert said.headers["Location"] == "/accounts/"
    asked = browser.post("/accounts/back", query_string={"next": address})
    assert asked.headers["Location"] == "/accounts/"


def test_the_way_back_without_a_request_is_given(site):
    """Django and others say what their request said."""
    assert identity.next_url("/home", given="/cart/") == "/cart/"
    assert identity.next_url("/home", given="//evil.test") == "/home"
    assert identity.next_url("/home") == "/home"


@pytest.fixture
def renew(house, monkeypatch):
    """Ask the service that signs in to renew; the test is that service."""
    for name, value in house.variables("accounts").items():
        monkeypatch.setenv(name, value)
    with known():
        yield lambda token: renewal.renew(f"a=b; visitor_renewal={token}")
    monkeypatch.undo()
    renewal.renewers.clear()


def renewed(house, headers):
    """What a renewed token says."""
    verifier = VisitVerifier("shop", house.visiting.keys)
    return verifier.visit(dict(headers)[VISITOR])


def test_a_token_is_renewed_for_who_is_remembered(house, renew):
    """The same sign-in goes on; both cookies begin anew."""
    since = time.time() - 1000
    token = house.token(purpose="renewal", lifetime=5000, session="a", since=since)
    headers = renew(token)
    visit = renewed(house, headers)
    assert (visit.user, visit.session, visit.since) == ("7", "a", since)
    set_ = [value for name, value in headers if name == "Set-Cookie"]
    assert [each.partition("=")[0] for each in set_] == ["visitor", "visitor_renewal"]


def test_all_renewals_of_one_page_succeed(house, renew):
    """The first one does not take away what the others come with."""
    token = house.token(purpose="renewal")
    assert all(renewed(house, renew(token)).user == "7" for _ in range(3))


def test_nothing_is_renewed_for_whoever_signed_out(house, renew):
    """His browser is told to forget it, so that nobody asks again."""
    token = house.token(purpose="renewal", session="a")
    revoke_session(house.folder / REVOCATIONS, "a", time.time() + 9)
    headers = renew(token)
    assert VISITOR not in dict(headers)
    assert all("Max-Age=0" in value for _, value in headers)


@pytest.mark.parametrize(
    "made_up",
    [
        lambda house: "rubbish",
        lambda house: house.token(purpose="visitor"),
        lambda house: house.token(purpose="renewal", lifetime=-100),
        lambda house: House.token(other(house), purpose="renewal"),
    ],
    ids=["rubbish", "a token to visit with", "expired", "another key"],
)
def test_nothing_is_renewed_without_the_right_token(house, renew, made_up):
    """What is not proven is left as it is: it may be the keys that are missing."""
    assert renew(made_up(house)) == []


def other(house):
    """The same site, with a key of somebody else."""
    folder = house.folder / "other"
    folder.mkdir()
    return House(folder)


def test_the_service_says_who_a_visitor_is_by_now(house, renew):
    """Roles that were taken away are gone with the next token."""

    @identity.on_renew
    def fresh(user_id):
        assert user_id == "7"
        return {"roles": ["reader"], "name": "Ada L."}

    token = house.token(purpose="renewal", roles=("admin",), claims={"name": "Ada"})
    visit = renewed(house, renew(token))
    assert (visit.roles, dict(visit.claims)) == (("reader",), {"name": "Ada L."})


def test_the_service_may_sign_a_visitor_out_at_a_renewal(house, renew):
    """For good: the same token is refused the next time, whoever is asked."""

    @identity.on_renew
    async def fresh(user_id):
        return None

    token = house.token(purpose="renewal")
    assert all("Max-Age=0" in value for _, value in renew(token))
    renewal.renewers.clear()
    assert VISITOR not in dict(renew(token))


def test_the_service_is_asked_in_its_own_context(house, renew):
    """Extensions find their application there, and a session that is empty."""
    app = Flask("accounts")
    Website(app)

    @identity.on_renew
    def fresh(user_id):
        return {"name": session.get("name", current_app.name)}

    visit = renewed(house, renew(house.token(purpose="renewal")))
    assert visit.claims["name"] == "accounts"
