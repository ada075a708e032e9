"""Two applications that nobody here wrote are one site with one sign-in.

What is added to them is read from the page that describes it; the applications come from
the package registry, and stay in the cache of pytest.
"""

import base64
import difflib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import venv
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.pages import ROOT, blocks
from glassware.runner.visitor_keys import VisitorKeys
from glassware.service.visit_tokens import Visit, VisitSigner
from sites import ended
from waiting import until


pytestmark = pytest.mark.timeout(300)

PAGE = ROOT / "docs/how-to/join-two-existing-apps.md"
SOURCES = {"flask": "3.1.3", "flask-security": "5.9.2"}
MOST = 20
MAKE_USERS = """
from app import create_app, create_users
with create_app().app_context():
    create_users()
"""
USER, PASSWORD = "user@me.com", "password"
NAMES = {
    "microblog.main.index": "members.home",
    "Microblog": "Members",
    '"microblog." + request.endpoint': 'request.endpoint.replace("auth", "members.security")',
}


def fetched(cache):
    """Return the folder of each source distribution, by the name of its package."""
    found = {}
    for name, version in SOURCES.items():
        folder = cache / f"{name}-{version}"
        if not folder.exists():
            archive = download(cache, name, version)
            with tarfile.open(archive) as opened:
                opened.extractall(cache / "new", filter="data")
            next((cache / "new").iterdir()).rename(folder)
        found[name] = folder
    return found


def download(cache, name, version):
    """Have pip fetch a source distribution; skip where there is no registry."""
    shutil.rmtree(cache / "new", ignore_errors=True)
    pip = cache / "pip"
    if not (pip / "bin/pip").exists():
        venv.create(pip, with_pip=True, clear=True)
    options = [
        "--quiet",
        "--retries",
        "1",
        "--no-deps",
        "--no-binary",
        ":all:",
        "-d",
        str(cache / "new"),
    ]
    done = subprocess.run(
        [pip / "bin/pip", "download", *options, f"{name}=={version}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Retrying" in done.stderr:
        pytest.skip(f"no registry can be reached for `{name}`: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    archive = next((cache / "new").iterdir()).rename(cache / f"{name}.tar.gz")
    (cache / "new").rmdir()
    return archive


class Page:
    """What the page says is to be written, and to be added."""

    def __init__(self):
        self.shown = [block for block in blocks(PAGE) if block.file]

    def of(self, name, number=0):
        """Return a block of a file, with the names of the other neighbour."""
        found = [block for block in self.shown if block.file == name][number].content
        for old, new in NAMES.items():
            found = found.replace(old, new)
        return found.strip("\n") + "\n"

    def last(self, name):
        """Return the last block of a file, as it stands."""
        return [block for block in self.shown if block.file == name][-1].content


def below(path, line, text):
    """Add `text` below the first line that is `line`, indented like it."""
    before, found, after = path.read_text().partition(f"{line}\n")
    assert found, f"`{line}` is not in {path}"
    indent = before.rpartition("\n")[2] or re.match(" *", line)[0]
    path.write_text(before + found + re.sub("(?m)^(?=.)", indent, text) + after)


def within(path, piece, text):
    """Add `text` after the first `piece`."""
    code = path.read_text()
    assert piece in code
    path.write_text(code.replace(piece, piece + text, 1))


def join(folder, sources):
    """Put both applications into `folder`, and add what the page says to them."""
    flaskr, members = folder / "services/flaskr", folder / "services/members"
    shutil.copytree(sources["flask"] / "examples/tutorial/flaskr", flaskr / "flaskr")
    members.mkdir(parents=True)
    example = sources["flask-security"] / "examples/fsqlalchemy1/app.py"
    app = Path(shutil.copy(example, members))
    page = Page()

    auth = flaskr / "flaskr/auth.py"
    with auth.open("a") as file:
        file.write(page.of("services/flaskr/flaskr/auth.py"))
    blog = flaskr / "flaskr/blog.py"
    below(blog, "from .db import get_db", page.of("services/flaskr/flaskr/blog.py"))
    name = "flaskr/templates/base.html"
    below(flaskr / name, "<ul>", page.of(f"services/flaskr/{name}"))

    name = "services/members/app.py"
    below(app, "from flask_babel import Babel", page.of(name))
    made = "app.security = Security(app, user_datastore)"
    below(app, made, page.of(name, 1))
    below(app, 'app.config["SECURITY_REGISTERABLE"] = True', page.of(name, 2))
    within(app, "Hello {{ current_user.email }}", " " + page.of(name, 3).strip())

    manifest = page.of("services/microblog/service.toml")
    (members / "service.toml").write_text(manifest.replace("microblog", "members"))
    name = "services/flaskr/service.toml"
    (folder / name).write_text(page.of(name))
    for name in ("site.toml", "services/members/requirements.txt"):
        (folder / name).write_text(page.last(name))


@pytest.fixture(scope="module")
def cache(request):
    """A folder that outlives the test run."""
    return request.config.cache.mkdir("public-applications")


@pytest.fixture(scope="module")
def sources(cache):
    """The applications, as they are published."""
    return fetched(cache)


@pytest.fixture(scope="module")
def site(cache, sources, tmp_path_factory):
    """Both, joined as the page says, with the users of the example."""
    with ended(tmp_path_factory.mktemp("joined") / "site") as site:
        join(site.folder, sources)
        environments = cache / "environments"
        environments.mkdir(exist_ok=True)
        (site.folder / ".glassware").mkdir(mode=0o700)
        (site.folder / ".glassware/envs").symlink_to(environments)
        done = site.run("install")
        assert done.returncode == 0, done.stderr
        site.up(wait=False)
        # The first time, every module of the environment is compiled.
        until(lambda: "➜" in site.log.read_text(), "readiness", patience=120.0)
        for service, command in (
            ("flaskr", ["flask", "init-db"]),
            ("members", ["python", "-c", MAKE_USERS]),
        ):
            done = site.run("run", service, "--", *command)
            assert done.returncode == 0, done.stderr
        yield site


class Browser:
    """Keeps cookies, follows redirects, sends forms with what is hidden in them."""

    def __init__(self, site):
        self.url = site.url
        self.jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(cookies)
        self.at, self.status, self.text = "", 0, ""

    def open(self, address, **form):
        """Open a page, or send a form there; return the text."""
        data = urllib.parse.urlencode(form).encode() if form else None
        whole = urllib.parse.urljoin(self.url + self.at, address)
        try:
            answer = self.opener.open(whole, data, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.at = answer.url.removeprefix(self.url)
            self.status, self.text = answer.status, answer.read().decode()
        return self.text

    def send(self, **form):
        """Fill in the form of the page that is open."""
        for field in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", self.text):
            name, value = (
                re.search(f'{k}="([^"]*)"', field) for k in ("name", "value")
            )
            form.setdefault(name[1], value[1])
        return self.open(self.at, **form)

    def sign_in(self):
        """Sign in, at the page to which flaskr leads."""
        self.open("/blog/create")
        self.send(email=USER, password=PASSWORD)
        return self

    def cookies(self):
        """Return the header `Cookie` that they make."""
        return "; ".join(f"{each.name}={each.value}" for each in self.jar)


@pytest.fixture
def browser(site):
    """A visitor."""
    return Browser(site)


def who(text):
    """Return who is signed in, as a page of flaskr shows it."""
    found = re.search("<li><span>([^<]*)", text)
    return found and found[1]


def test_at_most_twenty_lines_of_each_are_changed(site, sources):
    """Blank ones too; a line that is changed is one that goes and one that comes."""
    there = {
        "flaskr": sources["flask"] / "examples/tutorial",
        "members": sources["flask-security"] / "examples/fsqlalchemy1",
    }
    for name, original in there.items():
        changed = 0
        for path in (site.folder / "services" / name).rglob("*"):
            was = original / path.relative_to(site.folder / "services" / name)
            if path.is_file() and was.is_file() and path.suffix in {".py", ".html"}:
                lines = (each.read_text().splitlines() for each in (was, path))
                changed += sum(line[0] in "+-" for line in difflib.ndiff(*lines))
        assert 0 < changed <= MOST, name


def test_who_signs_in_at_the_one_is_known_to_the_other(browser):
    """He is led there from the page that he wanted, comes back, and writes."""
    assert "Log In" in browser.open("/blog/")
    browser.open("/blog/create")
    assert browser.at == "/members/login?next=/blog/create"

    browser.send(email=USER, password=PASSWORD)
    assert browser.at == "/blog/create"
    browser.send(title="Of both", body="Words")

    assert browser.at == "/blog/"
    assert who(browser.text) == USER
    assert f"by {USER}" in browser.text
    assert f"Hello {USER}" in browser.open("/members/")


def test_own_pages_to_sign_in_at_lead_to_those_of_the_other(browser):
    """Bookmarks and links of templates stay good."""
    for page in ("login", "register"):
        browser.open(f"/blog/auth/{page}")
        assert browser.at == f"/members/{page}"


@pytest.mark.parametrize("page", ["/blog/auth/logout", "/members/logout"])
def test_who_signs_out_at_either_is_out_at_both(site, browser, page):
    """Whoever has kept the cookies, too."""
    kept = browser.sign_in().cookies()
    browser.open(page)

    assert "Log In" in browser.open("/blog/")
    browser.open("/members/")
    assert browser.at.startswith("/members/login")
    stolen = {"Cookie": kept}
    assert "Log In" in site.get("/blog/", headers=stolen).text
    assert site.get("/members/", headers=stolen).status == 302


def test_they_link_to_each_other(browser):
    """With `url_for`, below the prefixes; static files are there."""
    browser.sign_in()
    assert 'href="/members/"' in browser.open("/blog/")
    style = re.search('rel="stylesheet" href="([^"]*)"', browser.text)[1]
    assert style.startswith("/blog/")
    browser.open(style)
    assert browser.status == 200
    assert "href=/blog/" in browser.open("/members/")


def test_their_cookies_do_not_collide(browser):
    """Each has a session of its own, at its own path; the sign-in is everywhere."""
    browser.sign_in()

    assert {(each.name, each.path) for each in browser.jar} == {
        ("members_session", "/members"),
        ("visitor", "/"),
        ("visitor_renewal", "/"),
    }


def test_forms_are_as_safe_as_before(site, browser):
    """Flask-WTF wants its token; flaskr, which has none, gets no foreign form."""
    browser.open("/members/login")
    refused = browser.open(browser.at, email=USER, password=PASSWORD)
    assert "CSRF token is missing" in refused
    assert "Log In" in browser.open("/blog/")

    known = {"Cookie": browser.sign_in().cookies()}
    for origin, status in (("https://evil.test", 403), (site.url, 302)):
        headers = known | {
            "Origin": origin,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = site.get(
            "/blog/create", "POST", headers=headers, body="title=a&body=b"
        )
        assert answer.status == status


def tokens(site, user, seconds=0.0, **claims):
    """Return the header `Cookie` of who signed in so long ago."""
    then = time.time() - seconds
    keys = VisitorKeys(site.folder / ".glassware")
    signer = VisitSigner("site", keys.signing(), wall=lambda: then)
    visit = Visit(user=user, session=f"{user} {then}", since=then, claims=claims)
    return (
        f"visitor={signer.sign(visit, 'visitor', 300.0)}; "
        f"visitor_renewal={signer.sign(visit, 'renewal', 86_400.0)}"
    )


def test_a_visitor_who_comes_back_is_told_anew_to_the_other(site, browser):
    """After minutes or days; one who is no user any more is nobody."""
    token = next(each.value for each in browser.sign_in().jar if each.name == "visitor")
    body = token.split(".")[1]
    user = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"]

    cookies = tokens(site, user, 3600.0)
    assert who(site.get("/blog/", headers={"Cookie": cookies}).text) == USER
    cookies = tokens(site, "nobody's", 3600.0)
    assert who(site.get("/blog/", headers={"Cookie": cookies}).text) is None


def test_a_name_that_somebody_else_takes_brings_no_posts(site):
    """Who owns a post is a number; the row follows the name at the other one."""

    def visit(number, name):
        cookies = tokens(site, f"user {number}", number=number, name=name)
        headers = {
            "Cookie": cookies,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return lambda path, body=None: site.get(
            path, "POST" if body else "GET", headers=headers, body=body
        )

    assert visit(71, "ada")("/blog/create", "title=Hers&body=x").status == 302
    text = visit(72, "ada")("/blog/").text
    assert who(text) == "ada"
    assert "by #71 " in text
    assert "by Ada Lovelace " in visit(71, "Ada Lovelace")("/blog/").text


@contextmanager
def dead(site, service, entry):
    """Let a service be dead, and unable to begin anew."""
    path = site.folder / "services" / service / entry
    whole = path.read_text()
    path.write_text("raise SystemExit\n")
    os.kill(site.service(service)["pids"][0], signal.SIGKILL)
    try:
        yield
    finally:
        path.write_text(whole)


def test_each_does_without_the_other(site, browser):
    """Whoever is signed in stays so; what is not there is a 503."""
    browser.sign_in()
    with dead(site, "flaskr", "flaskr/__init__.py"):
        site.until(lambda: site.get("/blog/").status == 503, "the end of flaskr")
        assert f"Hello {USER}" in browser.open("/members/")
    site.until(lambda: USER in browser.open("/blog/"), "the return of flaskr")

    with dead(site, "members", "app.py"):
        site.until(lambda: site.get("/members/").status == 503, "the end of members")
        browser.open("/blog/create")
        browser.send(title="Alone", body="Words")
        assert "Alone" in browser.text
        assert who(browser.text) == USER
        browser.open("/members/login")
        assert browser.status == 503
