"""Tests of users, in which somebody has signed in."""

import pytest


pytest_plugins = ["pytester"]

FILES = {
    "site.toml": 'name = "shop"\n[visitors]\nsign_in = "accounts.login"\n',
    "services/accounts/service.toml": 'route = "/accounts"\n',
    "services/accounts/app.py": """
        from flask import Flask, redirect, request
        from glassware import identity, visitor

        app = Flask(__name__)

        @app.route("/login", methods=["GET", "POST"])
        def login():
            if request.method == "POST":
                identity.sign_in(request.form["user"], roles=["member"], name="Ada")
                return redirect(identity.next_url("/orders/"))
            return "sign in here"

        @app.post("/logout")
        def logout():
            identity.sign_out()
            return redirect("/orders/")

        @identity.on_renew
        def renew(user_id):
            return {"roles": ["renewed"], "name": "Ada"}
        """,
    "services/orders/service.toml": 'route = "/orders"\ncalls = ["basket"]\n',
    "services/orders/app.py": """
        from flask import Flask
        from glassware import login_required, requires, services, visitor

        app = Flask(__name__)

        def told():
            return {"id": visitor.id, "roles": visitor.roles, **visitor.claims}

        @app.get("/")
        def index():
            return told() | {"basket": services.basket.get("/").json()}

        @app.get("/mine")
        @login_required
        def mine():
            return told()

        @app.get("/all")
        @requires("admin")
        def every():
            return told()
        """,
    "services/basket/app.py": """
        from flask import Flask
        from glassware import visitor

        app = Flask(__name__)

        @app.get("/")
        def index():
            return {"id": visitor.id}
        """,
}
PAGE = 'PAGE = {"Accept": "text/html"}\n'


def test_somebody_has_signed_in_at_services_in_this_process(users_tests):
    """Without the service at which one does; what it calls knows the visitor, too."""
    result = users_tests(
        FILES
        | {
            "test_services.py": PAGE
            + """
def test_visitor(service):
    orders, basket = service("orders"), service("basket")
    assert orders.client.get("/").json == {"id": "", "roles": [], "basket": {"id": ""}}
    orders.sign_in(7, roles=["admin"], name="Ada")
    said = {"id": "7", "roles": ["admin"], "name": "Ada"}
    assert orders.client.get("/").json == said | {"basket": {"id": "7"}}
    assert orders.client.get("/all").json == said
    orders.sign_in(8)
    assert orders.client.get("/all", headers=PAGE).status_code == 403
    orders.sign_out()
    answer = orders.client.get("/mine?page=2", headers=PAGE)
    assert answer.headers["Location"] == "/accounts/login?next=/mine?page%3D2"

def test_sign_in_and_out(service):
    accounts = service("accounts")
    answer = accounts.client.post("/login", data={"user": 7})
    assert answer.headers["Location"] == "/orders/"
    token = accounts.client.get_cookie("visitor").value
    orders = service("orders")
    orders.client.set_cookie("visitor", token)
    assert orders.client.get("/mine").json["name"] == "Ada"
    accounts.client.post("/logout")
    assert orders.client.get("/mine").status_code == 302

def test_elsewhere(service):
    import pytest
    from glassware import UsageError, identity
    with service("orders").app.test_request_context("/"):
        with pytest.raises(UsageError, match="`accounts` does"):
            identity.sign_in(7)
"""
        },
    )
    result.assert_outcomes(passed=3)


def test_without_a_page_to_sign_in_at_nobody_does(users_tests):
    """The error says which line of the manifest is missing."""
    site = 'name = "shop"\n'
    result = users_tests(
        FILES
        | {
            "site.toml": site,
            "test_nobody.py": """
                import pytest
                from glassware import UsageError

                def test_nobody(service):
                    with pytest.raises(UsageError, match="sign_in = "):
                        service("orders").sign_in(7)
                """,
        }
    )
    result.assert_outcomes(passed=1)


REAL = (
    PAGE
    + """
import time
from glassware.runner.visitor_keys import VisitorKeys
from glassware.service.visit_tokens import Visit, VisitSigner

SAID = {"id": "7", "roles": ["member"], "name": "Ada"}

def anonymous(visitor):
    return visitor.get("/orders/").json["id"] == ""

def test_the_whole_way(site):
    visitor, phone = site.visitor(), site.visitor()
    assert anonymous(visitor)
    answer = visitor.get("/orders/mine?page=2", headers=PAGE)
    place = answer.headers["Location"]
    assert place == "/accounts/login?next=/orders/mine?page%3D2"
    for browser in (visitor, phone):
        answer = browser.post(place, data={"user": 7})
        assert answer.headers["Location"] == "/orders/mine?page=2"
        assert browser.get("/orders/mine").json == SAID
    assert visitor.get("/orders/").json == SAID | {"basket": {"id": "7"}}
    token = visitor.get_cookie("visitor").value
    visitor.post("/accounts/logout")
    assert anonymous(visitor)
    thief = site.visitor()
    thief.set_cookie("visitor", token)
    assert anonymous(thief)
    assert phone.get("/orders/").json["id"] == "7"

def test_a_helper_for_whoever_does_not_test_this(site):
    site.sign_in(9, roles=["admin"])
    assert site.get("/orders/all").json == {"id": "9", "roles": ["admin"]}
    other = site.visitor()
    assert anonymous(other)
    other.sign_in("10", name="Bob")
    assert other.get("/orders/").json["basket"]["id"] == "10"

def expired(site, user="7", session="s"):
    signer = VisitSigner("shop", VisitorKeys(site.state).signing())
    visit = Visit(user=user, session=session, since=time.time() - 1000)
    visitor = site.visitor()
    visitor.set_cookie("visitor", signer.sign(visit, "visitor", -100))
    visitor.set_cookie("visitor_renewal", signer.sign(visit, "renewal", 1000))
    return visitor

def test_an_expired_token_is_renewed_unnoticed(site):
    visitor = expired(site)
    before = visitor.get_cookie("visitor").value
    answer = visitor.get("/orders/").json
    assert answer == SAID | {"roles": ["renewed"], "basket": {"id": "7"}}
    assert visitor.get_cookie("visitor").value != before
    assert visitor.get("/orders/mine").json["roles"] == ["renewed"]
    visitor.post("/accounts/logout")
    assert anonymous(visitor)

def test_who_has_signed_out_is_not_renewed(site):
    visitor, thief = expired(site, session="x"), expired(site, session="x")
    assert not anonymous(visitor)
    visitor.post("/accounts/logout")
    assert anonymous(thief)
    assert thief.get_cookie("visitor") is thief.get_cookie("visitor_renewal") is None

def test_nobody_reads_or_makes_a_token_from_outside(site):
    visitor = expired(site)
    for path in ("/.glassware/renew", "/accounts/.glassware/renew"):
        answer = visitor.post(path)
        assert (answer.status_code, "X-Glassware-Visitor" in answer.headers) == (404, False)
    site.sign_in(9)
    stolen = site._visitor.get_cookie("visitor").value
    outside = site.visitor()
    headers = {"X-Glassware-Visitor": stolen, "X-Glassware-Via": "orders"}
    assert outside.get("/orders/", headers=headers).json["id"] == ""
"""
)


@pytest.mark.timeout(180)
def test_somebody_signs_in_at_a_real_site(users_tests):
    """The whole way: sign in, be known, call, be renewed, sign out; and short cuts."""
    result = users_tests(FILES | {"test_site.py": REAL})
    result.assert_outcomes(passed=5)
