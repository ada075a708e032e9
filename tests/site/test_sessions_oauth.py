"""Signing in at an OAuth provider, as the how-to page shows it, through the gateway."""

import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from docs.pages import ROOT, blocks
from sites import ended


PROVIDER = """
    import os
    import time

    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import AccessDeniedError, ClientMixin, grants
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oidc.core import AuthorizationCodeMixin, UserInfo
    from authlib.oidc.core.grants import OpenIDCode
    from flask import Flask, request
    from joserfc.jwk import RSAKey

    HERE = os.environ["GLASSWARE_URL"] + "/provider"
    KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    RETURN = os.environ["GLASSWARE_URL"] + "/members/accounts/arrived"
    codes, asked = {}, []

    class Client(ClientMixin):
        client_id = "shop"
        id_token_signed_response_alg = "RS256"

        def get_client_id(self):
            return "shop"

        def get_default_redirect_uri(self):
            return RETURN

        def get_allowed_scope(self, scope):
            return scope

        def check_redirect_uri(self, uri):
            asked.append(uri)
            return uri == RETURN

        def check_client_secret(self, secret):
            return secret == "a secret of both"

        def check_endpoint_auth_method(self, method, endpoint):
            return method == "client_secret_basic"

        def check_response_type(self, kind):
            return kind == "code"

        def check_grant_type(self, kind):
            return kind == "authorization_code"

    class Code(AuthorizationCodeMixin):
        def __init__(self, request):
            payload = request.payload
            self.user = request.user
            self.redirect_uri = payload.redirect_uri
            self.scope = payload.scope
            self.nonce = payload.data.get("nonce")
            self.code_challenge = payload.data.get("code_challenge")
            self.code_challenge_method = payload.data.get("code_challenge_method")
            self.time = int(time.time())

        def get_redirect_uri(self):
            return self.redirect_uri

        def get_scope(self):
            return self.scope

        def get_nonce(self):
            return self.nonce

        def get_auth_time(self):
            return self.time

        def get_acr(self):
            return None

        def get_amr(self):
            return None

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

        def save_authorization_code(self, code, request):
            codes[code] = Code(request)

        def query_authorization_code(self, code, client):
            return codes.get(code)

        def delete_authorization_code(self, found):
            for code in [c for c, each in codes.items() if each is found]:
                del codes[code]

        def authenticate_user(self, found):
            return found.user

    class OpenId(OpenIDCode):
        def exists_nonce(self, nonce, request):
            return False

        def get_client_claims(self, client):
            return {"iss": HERE, "exp": int(time.time()) + 600}

        def get_client_algorithm(self, client):
            return "RS256"

        def resolve_client_private_key(self, client):
            return KEY

        def generate_user_info(self, user, scope):
            return UserInfo(sub=user, name=user.title())

    app = Flask(__name__)
    server = AuthorizationServer(
        app, lambda name: Client() if name == "shop" else None, lambda *_: None
    )
    server.register_grant(Grant, [OpenId(), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def metadata():
        return {
            "issuer": HERE,
            "authorization_endpoint": HERE + "/authorize",
            "token_endpoint": HERE + "/token",
            "jwks_uri": HERE + "/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @app.get("/keys")
    def keys():
        return {"keys": [KEY.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize():
        # Who has this cookie is signed in at the provider; others say no.
        user = request.cookies.get("at_the_provider")
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.get("/asked")
    def told():
        return asked
    """
SHOP = """
    from flask import Flask, get_flashed_messages
    from glassware import login_required, visitor

    app = Flask(__name__)

    @app.get("/")
    def index():
        said = get_flashed_messages()
        return {"who": visitor.id, "name": visitor.claims.get("name"), "said": said}

    @app.get("/mine")
    @login_required
    def mine():
        return {"mine": visitor.id}
    """
FILES = {
    "site.toml": 'name = "shop"\n[visitors]\nsign_in = "accounts.login"\n',
    "services/accounts/service.toml": """
        route = "/members/accounts"
        calls = ["provider"]

        [environment]
        OAUTH_METADATA = "{services.provider.url}/.well-known/openid-configuration"
        OAUTH_CLIENT_ID = "shop"
        OAUTH_CLIENT_SECRET = "a secret of both"
        """,
    "services/provider/app.py": PROVIDER,
    "services/provider/service.toml": """
        route = "/provider"

        [environment]
        AUTHLIB_INSECURE_TRANSPORT = "1"
        """,
    "services/storefront/app.py": SHOP,
    "services/storefront/service.toml": 'route = "/"\n',
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The page's service, a provider, and a service that knows of neither."""
    page = blocks(ROOT / "docs/how-to/sign-in-with-oauth.md")
    shown = next(each for each in page if each.file == "services/accounts/app.py")
    with ended(tmp_path_factory.mktemp("oauth") / "site") as site:
        site.write(FILES | {"services/accounts/app.py": shown.content})
        site.up()
        yield site


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows redirects up to an address that is not to be opened."""

    def __init__(self, until):
        self.until = until
        self.stayed = ""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """Return the next request; `None`: here it ends."""
        if self.until and self.until in newurl:
            self.stayed = newurl
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Browser:
    """A visitor, who may be known to the provider."""

    def __init__(self, url, user=""):
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        if user:
            self.plant("at_the_provider", user)

    def plant(self, name, value, path="/"):
        """Put a cookie where the visitor has not got one from a site."""
        self.jar.set_cookie(
            http.cookiejar.Cookie(
                *(0, name, value, None, False, "localhost.local", False, False),
                *(path, True, False, None, True, None, None, {}),
            )
        )

    def open(self, address, until=""):
        """Open a page; return its text, or the address at which it stayed."""
        stay = Stay(until)
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        opener = urllib.request.build_opener(cookies, stay)
        whole = urllib.parse.urljoin(self.url, address)
        try:
            with opener.open(whole, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return stay.stayed or f"{error.code} {error.read().decode()}"

    def json(self, address):
        """Open a page and read it as JSON."""
        return json.loads(self.open(address))

    def cookie(self, name):
        """Return a cookie's value."""
        return next(each.value for each in self.jar if each.name == name)


def test_a_visitor_signs_in_at_the_provider_and_comes_back(site):
    """To the page that needed it; every service knows who it is."""
    browser = Browser(site.url, "ada")

    assert browser.json("/mine") == {"mine": "ada"}
    assert browser.json("/") == {"who": "ada", "name": "Ada", "said": []}


def test_the_address_to_return_to_has_the_public_prefix_and_host(site):
    """It is the one that is registered, letter by letter."""
    browser = Browser(site.url, "ada")
    browser.open("/members/accounts/login")

    assert set(browser.json("/provider/asked")) == {
        f"{site.url}/members/accounts/arrived"
    }


def test_who_says_no_stays_anonymous_and_is_told(site):
    """The message survives the redirect into another service."""
    browser = Browser(site.url)
    answer = browser.json("/members/accounts/login")

    assert answer["who"] == ""
    assert answer["said"][0].startswith("You are not signed in: ")


def test_an_answer_for_another_browser_is_refused(site):
    """Nobody is signed in as somebody else by a link."""
    attacker, victim = Browser(site.url, "mallory"), Browser(site.url, "ada")
    link = attacker.open("/members/accounts/login", until="/arrived")
    assert "code=" in link
    answer = json.loads(victim.open(link))

    assert answer["who"] == ""
    assert "State" in answer["said"][0]
    assert victim.json("/")["who"] == ""


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil"])
def test_nobody_is_led_to_another_site(site, elsewhere):
    """`next` is a page of this one."""
    browser = Browser(site.url, "ada")
    there = urllib.parse.urlencode({"next": elsewhere})

    assert json.loads(browser.open(f"/members/accounts/login?{there}"))["who"] == "ada"


def test_a_session_that_was_planted_is_worth_nothing(site):
    """Whoever knows a cookie of before the sign-in is not the visitor afterwards."""
    attacker, victim = Browser(site.url), Browser(site.url, "ada")
    attacker.open("/members/accounts/login", until="/provider/")
    planted = attacker.cookie("accounts_session")
    victim.plant("accounts_session", planted, "/members/accounts")

    assert victim.json("/mine") == {"mine": "ada"}
    assert attacker.json("/")["who"] == ""
    assert planted not in {each.value for each in victim.jar}
