"""A visitor signs in at one service, and is known by all of them."""

import base64
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from glassware.runner.visitor_keys import FILE, VisitorKeys
from glassware.service.visit_tokens import Visit, VisitSigner
from sites import Answer, SiteUnderTest, ended
from waiting import until


ACCOUNTS = """
    import os

    from flask import Flask, request
    from glassware import identity, visitor

    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def sign_in():
        if request.method == "POST":
            identity.sign_in(request.form["user"], roles=["customer"])
        return {"user": visitor.id}

    @app.post("/out")
    def sign_out():
        identity.sign_out()
        return {"user": visitor.id}

    @app.get("/environment")
    def environment():
        return dict(os.environ)
    """
OTHER = """
    import os

    from flask import Flask, request
    from glassware import services, visitor

    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def who():
        return {"user": visitor.id, "length": len(request.get_data())}

    @app.get("/through")
    def through():
        return dict(services.cart.get("/").json())

    @app.get("/environment")
    def environment():
        return dict(os.environ)
    """
CALL = 'dict(services.cart.get("/").json())'
ASYNC = """
    import json

    from glassware import visitor

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = json.dumps({"user": visitor.id}).encode()
        fields = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})
    """
FILES = {
    "site.toml": """
        name = "shop"

        [visitors]
        sign_in = "accounts.sign_in"

        [groups]
        people = ["accounts", "cart"]
        """,
    "services/accounts/app.py": ACCOUNTS,
    "services/accounts/service.toml": 'route = "/accounts"',
    "services/catalog/app.py": OTHER,
    "services/catalog/service.toml": 'route = "/catalog"\ncalls = ["cart"]',
    "services/cart/app.py": OTHER.replace(CALL, "{}"),
    "services/cart/service.toml": 'route = "/cart"',
    "services/reviews/app.py": ASYNC,
    "services/reviews/service.toml": 'route = "/reviews"',
}
OTHERS = ("/catalog/", "/cart/", "/reviews/", "/catalog/through")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Browser:
    """Keeps the cookies that the site gives it."""

    def __init__(self, site: SiteUnderTest) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> Answer:
        """Send a request, and take the cookies of its answer."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**FORM, "Cookie": cookie} if cookie else FORM
        answer = self.site.get(path, method, headers=headers, body=body)
        for field in answer.headers.get_all("Set-Cookie") or []:
            for morsel in SimpleCookie(field).values():
                if morsel["max-age"] == "0":
                    self.cookies.pop(morsel.key, None)
                else:
                    self.cookies[morsel.key] = morsel.value
        return answer

    def sign_in(self, user: str) -> "Browser":
        """Sign a user in."""
        assert self.ask("/accounts/", "POST", f"user={user}").status == 200
        return self

    def user(self, path: str = "/catalog/") -> str:
        """Return whom a service takes this visitor for."""
        answer = self.ask(path)
        assert answer.status == 200, answer.text
        return answer.json()["user"]

    def come_back_later(self, user: str, seconds: float = 3600.0) -> "Browser":
        """Let the sign-in of a user be as old as that, its token expired."""
        keys = VisitorKeys(self.site.folder / ".glassware")
        then = time.time() - seconds
        signer = VisitSigner("shop", keys.signing(), wall=lambda: then)
        visit = Visit(user=user, session=f"{user} {then}", since=then)
        self.cookies = {
            "visitor": signer.sign(visit, "visitor", 300.0),
            "visitor_renewal": signer.sign(visit, "renewal", 86_400.0),
        }
        return self


@dataclass
class Restarted:
    """A site that was down for a while, and who had signed in before.

    Attributes:
        eve: Was signed out meanwhile.
        commands: How the commands ended that were given meanwhile.
    """

    site: SiteUnderTest
    ann: Browser
    eve: Browser
    commands: list[int]


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    """One for the whole module, which is up."""
    with ended(tmp_path_factory.mktemp("visitors") / "site") as under_test:
        under_test.write(FILES)
        under_test.up()
        ann, eve = (
            Browser(under_test).sign_in("ann"),
            Browser(under_test).sign_in("eve"),
        )
        under_test.stop()
        commands = [
            under_test.run("visitors", *words).returncode
            for words in (("sign-out", "eve"), ("rotate",))
        ]
        under_test.up()
        yield Restarted(under_test, ann, eve, commands)


@pytest.fixture(scope="module")
def site(restarted: Restarted) -> SiteUnderTest:
    """The site, which is up."""
    return restarted.site


def test_who_signs_in_at_one_service_is_known_by_all(site: SiteUnderTest) -> None:
    """Of whatever kind they are, and also where one calls another."""
    browser = Browser(site).sign_in("ann")

    assert [browser.user(path) for path in OTHERS] == ["ann"] * len(OTHERS)
    assert [Browser(site).user(path) for path in OTHERS] == [""] * len(OTHERS)

    browser.ask("/accounts/out", "POST")
    assert [browser.user(path) for path in OTHERS] == [""] * len(OTHERS)
    assert not browser.cookies


@pytest.mark.parametrize("path", ["/accounts/", *OTHERS])
def test_nobody_notices_that_a_token_is_renewed(site: SiteUnderTest, path: str) -> None:
    """The same request is answered for the visitor, and the next needs no renewal."""
    browser = Browser(site).come_back_later("bob")
    expired = dict(browser.cookies)

    assert browser.user(path) == "bob"
    assert browser.cookies["visitor"] != expired["visitor"]
    renewed = dict(browser.cookies)
    assert browser.user(path) == "bob"
    assert browser.cookies == renewed


def test_a_form_is_posted_once_by_who_came_back(site: SiteUnderTest) -> None:
    """Its body is whole; nobody has to fill it in again."""
    browser = Browser(site).come_back_later("bob")

    answer = browser.ask("/cart/", "POST", "x" * 300_000)

    assert answer.json() == {"user": "bob", "length": 300_000}


def test_the_parts_of_a_page_are_renewed_in_parallel(site: SiteUnderTest) -> None:
    """None of ten requests at once comes as nobody, or ends the others' sign-in."""
    cookies = Browser(site).come_back_later("bob").cookies

    def ask(number: int) -> Browser:
        browser = Browser(site)
        browser.cookies = dict(cookies)
        assert browser.user(OTHERS[number % len(OTHERS)]) == "bob"
        return browser

    with ThreadPoolExecutor(10) as threads:
        browsers = [*threads.map(ask, range(10))]

    assert [browser.user() for browser in browsers] == ["bob"] * 10


def test_who_changes_users_with_an_expired_token_is_the_new_one(
    site: SiteUnderTest,
) -> None:
    """The renewal on the way to the page to sign in at does not undo it."""
    browser = Browser(site).come_back_later("bob").sign_in("ann")

    assert browser.user() == "ann"
    assert browser.come_back_later("bob").ask("/accounts/out", "POST").status == 200
    assert browser.user() == ""


def test_only_an_expired_token_of_this_site_is_renewed(site: SiteUnderTest) -> None:
    """With somebody else's token to renew with, or none, the visitor is nobody."""
    browser = Browser(site).come_back_later("bob")
    former = dict(browser.cookies)
    forged = VisitSigner("shop", f"x:{'A' * 43}", wall=lambda: time.time() - 3600)
    visit = Visit(user="root", session="s", since=1.0)

    browser.cookies = {"visitor": former["visitor"]}
    assert browser.user() == ""
    browser.cookies = former | {"visitor_renewal": former["visitor"]}
    assert browser.user() == ""
    browser.cookies = {
        "visitor": forged.sign(visit, "visitor", 300.0),
        "visitor_renewal": forged.sign(visit, "renewal", 86_400.0),
    }
    assert browser.user() == ""


def test_a_key_is_rotated_and_nobody_is_signed_out(site: SiteUnderTest) -> None:
    """Under traffic, with tokens of the old key, expired ones among them."""
    before = VisitorKeys(site.folder / ".glassware").public()
    steady, stop = Browser(site).sign_in("ann"), threading.Event()
    said: list[str] = []

    def visit(number: int) -> None:
        browser = Browser(site)
        while not stop.is_set():
            browser.cookies = dict(steady.cookies)
            if number % 2:
                browser.come_back_later("ann")
            said.append(browser.user(OTHERS[number % len(OTHERS)]))

    with ThreadPoolExecutor(4) as threads:
        visits = [threads.submit(visit, number) for number in range(4)]
        until(lambda: len(said) > 20, "traffic")
        rotated = site.run("visitors", "rotate")
        after = len(said)
        until(lambda: len(said) > after + 20 or any(v.done() for v in visits), "more")
        stop.set()
    for each in visits:
        each.result()

    assert rotated.returncode == 0, rotated.stderr
    now = VisitorKeys(site.folder / ".glassware").public()
    assert list(now)[:-1] == list(before)
    assert set(said) == {"ann"}
    assert steady.user() == "ann"
    fresh = Browser(site).sign_in("ann").cookies["visitor"]
    assert _key_of(fresh) == list(now)[-1] != _key_of(steady.cookies["visitor"])


def _key_of(token: str) -> str:
    head = token.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "==="))["kid"]


def test_a_user_is_signed_out_everywhere_at_once(site: SiteUnderTest) -> None:
    """In every browser and at every service; other users are not."""
    one, other = Browser(site).sign_in("eve"), Browser(site).sign_in("eve")
    bob = Browser(site).sign_in("bob")
    returning = Browser(site).come_back_later("eve")
    assert [one.user(path) for path in OTHERS] == ["eve"] * len(OTHERS)

    assert site.run("visitors", "sign-out", "eve").returncode == 0

    for path in OTHERS:
        assert (one.user(path), other.user(path), bob.user(path)) == ("", "", "bob")
    assert returning.user() == ""
    assert one.sign_in("eve").user() == "eve"


def test_a_restart_of_the_site_keeps_sign_ins(restarted: Restarted) -> None:
    """And what was ended while it did not run stays ended."""
    assert restarted.ann.user() == "ann"
    assert restarted.eve.user() == ""
    assert restarted.commands == [0, 0]


def test_what_there_is_is_shown(site: SiteUnderTest) -> None:
    """The page to sign in at, the keys with their age, and no secret."""
    keys = VisitorKeys(site.folder / ".glassware").all()

    shown = json.loads(site.run("visitors", "--json").stdout)
    table = site.run("visitors").stdout

    assert shown["sign_in"] == "accounts.sign_in"
    assert [key["key"] for key in shown["keys"]] == [k.name for k in reversed(keys)]
    assert [key["signs"] for key in shown["keys"]].count(True) == 1
    assert shown["revocations"] > 0
    for key in keys:
        assert key.private not in f"{shown}{table}"
        assert key.name in table


def test_nobody_sees_the_private_key_but_who_signs(site: SiteUnderTest) -> None:
    """No log, no file that others read, no process's environment or command line."""
    keys = VisitorKeys(site.folder / ".glassware").all()
    private = [key.private for key in keys]
    files = (site.folder / ".glassware").rglob("*")
    seen = [
        site.log.read_text(),
        *(
            f.read_text(errors="replace")
            for f in files
            if f.is_file() and f.name != FILE
        ),
        *(_told(process) for process in site.processes()),
        *(
            site.get(f"/{name}/environment").text
            for name in ("accounts", "catalog", "cart")
        ),
        *(site.run("run", name, "env").stdout for name in ("accounts", "catalog")),
    ]

    assert not [text for text in seen for key in private if key in text]
    assert any("GLASSWARE_VISITORS" in text for text in seen)


def _told(process: int) -> str:
    """Return what a process was told when it was started."""
    with suppress(OSError):
        names = ("environ", "cmdline")
        raw = (Path(f"/proc/{process}/{name}").read_bytes() for name in names)
        return b"".join(raw).decode(errors="replace")
    return ""


def test_the_files_are_as_private_as_they_need_be(site: SiteUnderTest) -> None:
    """The keys and the list of ended sign-ins are for their user alone."""
    folder = site.folder / ".glassware"

    def mode(name: str) -> int:
        return stat.S_IMODE(os.stat(folder / name).st_mode)  # noqa: PTH116

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (mode(FILE), mode("revocations")) == (0o600, 0o600)
    assert mode("visitors.json") == 0o644
    [first, *_] = json.loads((folder / "visitors.jwks.json").read_text())["keys"]
    assert first.keys() == {"kty", "crv", "alg", "use", "kid", "x"}


def test_a_removed_state_folder_signs_nobody_out(site: SiteUnderTest) -> None:
    """The running site writes its keys anew."""
    ann = Browser(site).sign_in("ann")
    for name in (FILE, "visitors.json", "lock"):
        (site.folder / ".glassware" / name).unlink()

    site.until((site.folder / ".glassware" / FILE).exists, "the keys")
    site.until((site.folder / ".glassware" / "visitors.json").exists, "the file")

    assert ann.user() == "ann"


def test_without_who_signs_in_the_pages_go_on(site: SiteUnderTest) -> None:
    """Who has a token is known by it; who comes back is nobody for a while."""
    ann, bob = Browser(site).sign_in("ann"), Browser(site).come_back_later("bob")
    app = site.folder / "services/accounts/app.py"
    whole = app.read_text()
    app.write_text("raise SystemExit('broken')\n")
    for process in site.service("accounts")["pids"]:
        os.kill(process, 9)
    site.until(lambda: not site.service("accounts")["pids"], "the end of its worker")

    assert ann.user("/catalog/") == "ann"
    assert bob.user("/catalog/") == ""
    rotated = site.run("visitors", "rotate")
    assert rotated.returncode == 1
    assert "`accounts` does not start anew" in rotated.stderr
    app.write_text(whole)
    site.until(lambda: site.service("accounts")["phase"] == "running", "its return")
    assert bob.user("/catalog/") == "bob"
    assert ann.user("/catalog/") == "ann"


def test_another_service_takes_over_the_signing_in(site: SiteUnderTest) -> None:
    """`[visitors]` may change while the site runs; nobody is signed out by it."""
    ann = Browser(site).sign_in("ann")
    doors = site.folder / "services/doors"
    doors.mkdir()
    (doors / "app.py").write_text(
        (site.folder / "services/accounts/app.py").read_text()
    )
    (doors / "service.toml").write_text('route = "/doors"\nisolated = true\n')
    manifest = site.folder / "site.toml"
    manifest.write_text(
        manifest.read_text().replace("accounts.sign_in", "doors.sign_in")
    )

    def signs_in() -> bool:
        return Browser(site).ask("/doors/", "POST", "user=x").status == 200

    site.until(signs_in, "the other one's key")
    assert ann.user() == "ann"
    assert Browser(site).come_back_later("bob").user() == "bob"
    until(
        lambda: Browser(site).ask("/accounts/", "POST", "user=x").status == 500,
        "the end of the former one's permission",
    )
    checked = site.run("check")
    assert checked.returncode == 0, checked.stderr
    manifest.write_text(manifest.read_text().replace("doors.sign_in", "doors.sign_inn"))
    checked = site.run("check")
    assert checked.returncode == 5
    assert f"{manifest}:4: `doors.sign_inn`" in checked.stderr
