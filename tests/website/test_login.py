"""Views that are not for everybody."""

import time
from dataclasses import replace

import pytest
from flask import Blueprint, Flask, redirect
from flask.views import MethodView

from glassware import UsageError, identity, login_required, requires, visitor
from glassware.directory import Place, read_directory, write_directory
from glassware.protocol import FRAGMENT, VIA, VISITOR
from sites_on_disk import write
from website.joined import joined
from website.visiting import House, tell_rules


PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def accounts():
    """The service with the page to sign in at."""
    app = Flask("accounts")

    @app.route("/sign-in", methods=["GET", "POST"], endpoint="login")
    def login():
        identity.sign_in(7)
        return redirect(identity.next_url())

    @app.get("/profile")
    @login_required
    def profile():
        return visitor.id

    return app


def orders():
    """A service whose pages are for some."""
    app = Flask("orders")
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.route("/", methods=["GET", "POST"])
    @login_required
    def index():
        """All orders."""
        return visitor.id

    @app.get("/called")
    @login_required()
    def called():
        return visitor.id

    @app.get("/async")
    @login_required
    async def waits():
        return visitor.id

    @app.get("/admin")
    @requires("admin")
    def admin():
        return "for the admin"

    @app.get("/both")
    @requires("admin", "editor")
    async def both():
        return "for both"

    @app.route("/asked", methods=["GET", "OPTIONS"])
    @login_required
    def asked():
        return "asked"

    class Api(MethodView):
        decorators = (login_required,)

        def get(self):
            return visitor.id

    @part.before_request
    @login_required
    def check():
        return None

    @part.get("/")
    def inside():
        return "inside"

    app.add_url_rule("/method", view_func=Api.as_view("method"))
    app.register_blueprint(part)
    return app


@pytest.fixture
def house(tmp_path):
    """What the supervisor writes."""
    return House(tmp_path)


@pytest.fixture
def site(house):
    """Two services, of which one has the page to sign in at."""
    told = {
        "accounts": house.told(accounts, "accounts"),
        "orders": house.told(orders),
    }
    with joined(house.folder, told) as site:
        tell_rules(site, "accounts", login="/sign-in")
        yield site


@pytest.fixture
def browser(site):
    """A visitor."""
    return site.browser()


def is_signed_in(house, browser, *roles):
    """Let the visitor have signed in."""
    browser.set_cookie("visitor", house.token(roles=roles, since=time.time()))


PAGES = ["/", "/called", "/async", "/method", "/part/", "/admin", "/both"]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_page_to_sign_in_at(browser, page):
    """Whatever kind of view it is, and whatever the service."""
    answer = browser.get(f"/orders{page}", headers=PAGE)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/sign-in?next=/orders{page}"
    assert answer.headers["Vary"] == "Cookie"


@pytest.mark.parametrize("page", PAGES[:5])
def test_who_has_signed_in_is_let_in(house, browser, page):
    """Whatever kind of view it is."""
    is_signed_in(house, browser)
    answer = browser.get(f"/orders{page}", headers=PAGE)
    assert (answer.status_code, answer.text) == (
        200,
        "inside" if "part" in page else "7",
    )


def test_the_way_back_is_the_whole_page_that_was_asked_for(browser):
    """With its query and odd characters; the visitor lands where he wanted to go."""
    page = "/orders/?page=2&q=a%26b%20c&next=/elsewhere"
    answer = browser.get(page, headers=PAGE, follow_redirects=True)
    assert answer.request.path + "?" + answer.request.query_string.decode() == page
    assert answer.text == "7"


def test_from_another_host_the_way_back_is_a_whole_address(site, browser):
    """Which is believed there, because that host is a part of the site."""
    directory = read_directory(site._file.read_text())
    away = replace(
        directory.services["accounts"], places=(Place(host="accounts.localhost"),)
    )
    services = {**directory.services, "accounts": away}
    site._file.write_text(write_directory(replace(directory, services=services)))
    place = browser.get("/orders/?a=1", headers=PAGE).headers["Location"]
    back = "http://localhost/orders/?a%3D1"
    assert place == f"http://accounts.localhost/sign-in?next={back}"
    here = "/accounts/sign-in?" + place.partition("?")[2]
    answer = browser.post(here, base_url="http://accounts.localhost")
    assert answer.headers["Location"] == "http://localhost/orders/?a=1"


def test_the_service_that_signs_in_guards_its_own_pages_too(browser):
    """Its own page is found by the site's name for it."""
    answer = browser.get("/accounts/profile", headers=PAGE)
    assert answer.headers["Location"] == "/accounts/sign-in?next=/accounts/profile"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", PAGE),
        ("GET", {"Accept": "application/json"}),
        ("GET", {"Accept": "application/json, text/html;q=0.5"}),
        ("GET", {**PAGE, "X-Requested-With": "XMLHttpRequest"}),
        ("GET", {**PAGE, "HX-Request": "true"}),
        ("GET", {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}),
        ("GET", {**PAGE, FRAGMENT: "-"}),
        ("GET", {**PAGE, VIA: "storefront"}),
    ],
    ids=["form", "json", "rather json", "ajax", "htmx", "fetch", "fragment", "call"],
)
def test_whom_a_redirect_would_not_help_gets_a_401(browser, method, headers):
    """Nothing ends up in a page where the page to sign in at was not wanted."""
    answer = browser.open("/orders/", method=method, headers=headers)
    assert answer.status_code == 401
    assert "Location" not in answer.headers


def test_a_program_is_told_where_to_sign_in(browser):
    """As JSON, if it asks for that; otherwise in a short page."""
    answer = browser.get("/orders/", headers={"Accept": "application/json"})
    assert answer.json == {"error": "sign in first", "sign_in": "/accounts/sign-in"}
    assert "Sign in first" in browser.post("/orders/", headers=PAGE).text


def test_a_browser_that_asks_whether_it_may_ask_is_answered(browser):
    """A preflight brings no cookies, so it cannot have signed in."""
    assert browser.options("/orders/").status_code == 200
    assert browser.options("/orders/asked").text == "asked"


def test_who_lacks_a_role_gets_a_403(house, browser):
    """It would not help to sign in again."""
    is_signed_in(house, browser, "reader")
    assert browser.get("/orders/admin", headers=PAGE).status_code == 403
    is_signed_in(house, browser, "admin")
    assert browser.get("/orders/admin", headers=PAGE).text == "for the admin"
    assert browser.get("/orders/both", headers=PAGE).status_code == 403
    is_signed_in(house, browser, "editor", "admin")
    assert browser.get("/orders/both", headers=PAGE).text == "for both"


def test_a_view_keeps_its_name_and_what_is_said_of_it(site):
    """Links, and whatever reads views, find what stands there."""

    def view():
        """Say something."""

    for guard in (login_required, login_required(), requires("admin")):
        assert (guard(view).__name__, guard(view).__doc__) == ("view", view.__doc__)


@pytest.mark.parametrize("signs_in", [True, False])
def test_the_page_of_the_site_leads_back_to_the_form(house, signs_in):
    """By the address of the page that it was on; without one, nobody is led anywhere."""
    error = "[{{ status }} {{ sign_in }}]"
    look = write(house.folder / "layout", {"templates/error.html": error})
    told = {
        "accounts": house.told(accounts, "accounts"),
        "orders": house.told(orders, layout=str(look)),
    }
    if not signs_in:
        house.say(sign_in="")
    with joined(house.folder, told) as site:
        tell_rules(site, "accounts", login="/sign-in")
        browser = site.browser()
        headers = {**PAGE, "Referer": "http://localhost/orders/part/"}
        page = "/accounts/sign-in?next=http://localhost/orders/part/"

        answer = browser.post("/orders/", headers=headers)
        assert (answer.status_code, answer.text) == (401, f"[401 {page * signs_in}]")
        assert browser.get("/orders/nowhere", headers=headers).text == "[404 ]"


def test_a_role_that_is_forgotten_is_an_error_at_import():
    """`@requires` without a role would let nobody, or everybody, in."""
    for mistake in ((), (lambda: None,)):
        with pytest.raises(UsageError, match="names a role"):
            requires(*mistake)


def test_without_a_page_to_sign_in_at_a_stranger_gets_a_401(house, browser):
    """Also where it is a service that nobody has heard of."""
    house.say(sign_in="")
    assert browser.get("/orders/", headers=PAGE).status_code == 401
    house.say(sign_in="nobody.login")
    assert browser.get("/orders/", headers=PAGE).status_code == 401


def test_a_neighbour_asks_on_behalf_of_the_visitor(house, browser):
    """With the visitor's token; the callee decides for itself."""
    headers = {VIA: "storefront", VISITOR: house.token("9")}
    assert browser.get("/orders/", headers=headers).text == "9"
    headers[VISITOR] = House.token(other(house), "9")
    assert browser.get("/orders/", headers=headers).status_code == 401


def other(house):
    """The same site, with a key of somebody else."""
    folder = house.folder / "other"
    folder.mkdir()
    return House(folder)
