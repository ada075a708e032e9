"""The visitor in real workers: every kind of application, and calls among them."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from glassware.environment import Settings, to_variables
from glassware.protocol import IDENTITY, RENEW, VISITOR
from glassware.service.visit_tokens import VisitVerifier
from glassware.tokens import SITE, Key
from glassware.visitors import REVOCATIONS, revoke_session
from website.visiting import House
from worker.worker_process import Starter, Zygote, become_subreaper


# What each of them says: who visits, and which cookies it has been given.
TELLS = """
def told(cookies):
    known = {"id": visitor.id, "roles": list(visitor.roles), **visitor.claims}
    return known | {"cookies": sorted(cookies)}
"""
FLASK = (
    """
from flask import Flask, request
from glassware import gather, identity, services, visitor
app = Flask(__name__)

@app.get("/")
def index():
    return told(request.cookies)

@app.get("/to/<path:way>")
def to(way):
    here, _, rest = way.partition("/")
    asked = getattr(services, here).get(f"/to/{rest}" if rest else "/")
    return {"here": visitor.id, "there": asked.json()}

@app.get("/gathered")
def gathered():
    return list(gather(lambda: visitor.id, lambda: services.third.get("/").json()["id"]))

@app.get("/called-only")
def called_only():
    services.third.get("/")
    return "nobody looked here"

@app.post("/sign-in")
def sign_in():
    identity.sign_in(5, name="Eve")
    return services.third.get("/").json()

@app.post("/sign-out")
def sign_out():
    identity.sign_out()
    return told(request.cookies)

@identity.on_renew
def renew(user_id):
    if user_id == "broken":
        raise ValueError("seen")
    return {"name": f"new {user_id}"}
"""
    + TELLS
)
QUART = (
    """
import asyncio
from quart import Quart, render_template_string, request
from glassware import identity, visitor
app = Quart(__name__)

@app.get("/")
async def index():
    return told(request.cookies)

@app.get("/template")
async def template():
    return await render_template_string("{{ visitor.id or 'nobody' }}")

@app.post("/sign-in")
async def sign_in():
    identity.sign_in(5)
    return told(request.cookies)

@app.before_serving
async def begin():
    global loop
    loop = asyncio.get_running_loop()

@identity.on_renew
async def renew(user_id):
    # Connections that were opened at the start are of use here.
    assert asyncio.get_running_loop() is loop
    if user_id == "broken":
        raise ValueError("seen")
    return {"name": f"new {user_id}"}
"""
    + TELLS
)
STARLETTE = (
    """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from glassware import visitor

def index(request):
    return JSONResponse(told(request.cookies))

app = Starlette(routes=[Route("/", index)])
"""
    + TELLS
)
DJANGO = (
    """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from glassware import identity, visitor
settings.configure(SECRET_KEY="s" * 32, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])

def sign_in(request):
    identity.sign_in(5)
    return index(request)

def index(request):
    return JsonResponse(told(request.COOKIES))

@identity.on_renew
def renew(user_id):
    if user_id == "broken":
        raise ValueError("seen")
    return {"name": f"new {user_id}"}

urlpatterns = [path("", index), path("sign-in", sign_in)]
application = get_wsgi_application()
"""
    + TELLS
)
NAMES = ("accounts", "second", "third")
KINDS = {
    "flask": (FLASK, {}),
    "threaded": (FLASK, {"server": "threaded"}),
    "quart": (QUART, {}),
    "starlette": (STARLETTE, {}),
    "django": (DJANGO, {"app": "app.py:application"}),
}


class Site:
    """Workers that are told about each other and about their visitors."""

    def __init__(self, folder: Path, start: Starter) -> None:
        self.house = House(folder)
        self.start = start
        self.keys = {name: Key.generate() for name in (*NAMES, SITE)}

    def job(self, name, code=FLASK, **facts):
        """Return the job of a service; others are looked for at its own socket."""
        callers = {each: key.public for each, key in self.keys.items() if each != name}
        settings = Settings(
            site="shop",
            service=name,
            url="http://localhost",
            key=self.keys[name].text,
            callers=callers,
            calls=NAMES,
            neighbours={
                each: f"unix:{self.start.folder}/sockets/{each}" for each in NAMES
            },
            visitors=self.house.file,
            visitor_key=self.house.secret if name == "accounts" else "",
        )
        folder = self.start.folder / "sockets" / name
        folder.mkdir(parents=True, exist_ok=True)
        job = self.start.job(
            {"app.py": code},
            service=name,
            environment={"PATH": os.environ["PATH"], **to_variables(settings)},
            **facts,
        )
        return job | {"socket": str(folder / "1.sock")}

    def by_gateway(self, name, **more):
        """Return the headers of a request that the gateway passes on."""
        return {IDENTITY: self.keys[SITE].sign(SITE, name), **more}

    def cookie(self, name, **said):
        """Return the headers of a browser that has signed in."""
        token, renewal = self.house.token(**said), self.house.token(purpose="renewal")
        said = f"theme=dark; visitor={token}; visitor_renewal={renewal}; last=1"
        return self.by_gateway(name, Cookie=said)


@pytest.fixture(scope="module")
def start():
    """Starts workers for all tests of this file."""
    become_subreaper(1)
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    zygote = Zygote()
    starter = Starter(folder, zygote)
    yield starter
    starter.end()
    zygote.end()
    become_subreaper(0)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def site(start, tmp_path_factory):
    """The files of a site."""
    return Site(tmp_path_factory.mktemp("state"), start)


@pytest.fixture(scope="module")
def wire(site):
    """Three services, each in a process of its own."""
    workers = {name: site.start.fork_job(site.job(name)) for name in NAMES}
    for worker in workers.values():
        worker.ready()
    return workers


@pytest.fixture(scope="module")
def kinds(site, wire):
    """One service of each kind."""
    workers = {"flask": wire["second"]}
    for kind, (code, facts) in KINDS.items():
        if kind not in workers:
            job = site.job("second", code, **facts)
            job["socket"] = str(site.start.folder / f"{kind}.sock")
            workers[kind] = site.start.fork_job(job)
            workers[kind].ready()
    return workers


@pytest.fixture(scope="module")
def group(site, wire):
    """The same services in one process, at other sockets."""
    jobs = [site.job(name, server="granian") for name in NAMES]
    for job in jobs:
        job["socket"] = str(site.start.folder / f"group-{job['service']}.sock")
        # Nobody listens there: whoever takes the wire fails.
        job["environment"] |= {
            name: f"unix:{site.start.folder}/nowhere"
            for name in job["environment"]
            if name.startswith("GLASSWARE_SERVICE_")
        }
    group = site.start.group(*jobs)
    group.ready()
    return {name: group.member(name) for name in NAMES}


@pytest.fixture(params=["wire", "group"])
def workers(request, wire, group):
    """The services, however they run."""
    return {"wire": wire, "group": group}[request.param]


ADA = {"user": "7", "roles": ("admin",), "claims": {"name": "Ada"}}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_service_knows_the_visitor(site, kinds, kind):
    """From the cookie, or from the header of a renewed token; and says so to caches."""
    known = {"id": "7", "roles": ["admin"], "name": "Ada"}
    answer = kinds[kind].ask("/", headers=site.cookie("second", **ADA))
    assert answer.json == known | {"cookies": ["last", "theme", "visitor"]}
    assert "Cookie" in answer.headers.get_all("Vary")
    renewed = site.by_gateway("second", **{VISITOR: site.house.token(**ADA)})
    assert kinds[kind].ask("/", headers=renewed).json == known | {"cookies": []}
    stranger = kinds[kind].ask("/", headers=site.by_gateway("second"))
    assert stranger.json == {"id": "", "roles": [], "cookies": []}


@pytest.mark.parametrize("kind", KINDS)
def test_no_application_is_given_the_token_to_renew_with(site, kinds, kind):
    """Also where it is the only cookie, or has another site's prefix."""
    for name in ("visitor_renewal", "__Host-visitor_renewal"):
        headers = site.by_gateway("second", Cookie=f"{name}=secret")
        assert kinds[kind].ask("/", headers=headers).json["cookies"] == []
    headers = site.by_gateway("second", Cookie="my_visitor_renewal=mine")
    assert kinds[kind].ask("/", headers=headers).json["cookies"] == [
        "my_visitor_renewal"
    ]


@pytest.mark.parametrize("kind", ["quart", "django"])
def test_other_frameworks_sign_in_too(site, renewers, kind):
    """The worker adds the cookies to whatever the application answers."""
    method = "POST" if kind == "quart" else "GET"
    headers = site.by_gateway("accounts")
    answer = renewers[kind].ask("/sign-in", method, headers=headers)
    assert answer.json["id"] == "5"
    set_ = [line.partition("=")[0] for line in answer.headers.get_all("Set-Cookie")]
    assert set_ == ["visitor", "visitor_renewal"]


def test_calls_carry_the_visitor_along(site, workers):
    """Through a chain of three, each of which verifies for itself."""
    answer = workers["accounts"].ask(
        "/to/second/third", headers=site.cookie("accounts", **ADA)
    )
    third = {"id": "7", "roles": ["admin"], "name": "Ada", "cookies": []}
    assert answer.json == {"here": "7", "there": {"here": "7", "there": third}}


def test_a_page_depends_on_the_visitor_as_much_as_what_it_is_made_of(site, workers):
    """Also for a stranger: otherwise his page would be everybody's."""
    for headers in (site.cookie("accounts"), site.by_gateway("accounts")):
        answer = workers["accounts"].ask("/called-only", headers=headers)
        assert answer.headers.get_all("Vary") == ["Cookie"]


def test_templates_of_quart_know_the_visitor(site, kinds):
    """As those of Flask do."""
    headers = site.cookie("second")
    assert kinds["quart"].ask("/template", headers=headers).body == b"7"


def test_functions_that_run_at_once_know_the_visitor(site, workers):
    """In their threads, and in what they call."""
    answer = workers["accounts"].ask("/gathered", headers=site.cookie("accounts"))
    assert answer.json == ["7", "7"]
    assert "Cookie" in answer.headers.get_all("Vary")


def test_who_signs_in_is_known_to_whom_is_called_next(site, workers):
    """Within the same request already."""
    answer = workers["accounts"].ask(
        "/sign-in", "POST", headers=site.by_gateway("accounts")
    )
    assert (answer.json["id"], answer.json["name"]) == ("5", "Eve")


def test_a_token_that_proves_nothing_goes_no_further(site, workers):
    """Neither expired nor forged ones, nor those of an ended sign-in."""
    other = site.house.folder / "other"
    other.mkdir(exist_ok=True)
    ended = site.house.token(session="over")
    revoke_session(site.house.folder / REVOCATIONS, "over", time.time() + 500)
    for token in (House(other).token(), site.house.token(lifetime=-100), ended):
        headers = site.by_gateway("accounts", Cookie=f"visitor={token}")
        answer = workers["accounts"].ask("/to/third", headers=headers)
        assert answer.json["here"] == answer.json["there"]["id"] == ""


def test_a_service_cannot_make_a_visitor_up(site, workers):
    """Its own key, which its callees know, is no key of visitors."""
    forged = site.keys["second"].write(
        {
            "iss": "glassware:shop",
            "aud": "visitor",
            "sub": "1",
            "sid": "x",
            "since": 1,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "roles": ["admin"],
            "claims": {},
        },
        "k1",
    )
    own = site.keys["second"].sign("second", "third")
    for token in (forged, own):
        headers = {IDENTITY: own, VISITOR: token}
        assert workers["third"].ask("/", headers=headers).json["id"] == ""


RENEWERS = ["flask", "threaded", "quart", "django"]


@pytest.fixture(scope="module")
def renewers(site, wire):
    """The service that signs visitors in, as each kind of worker runs it."""
    workers = {"flask": wire["accounts"]}
    for kind in RENEWERS[1:]:
        code, facts = KINDS[kind]
        job = site.job("accounts", code, **facts)
        job["socket"] = str(site.start.folder / f"renewer-{kind}.sock")
        workers[kind] = site.start.fork_job(job)
        workers[kind].ready()
    return workers


def renewal(site, worker, cookie, path=RENEW, method="POST", **more):
    """Ask as the gateway does, which need not prove anything."""
    answer = worker.ask(path, method, headers={"Cookie": cookie, **more})
    return answer, answer.headers.get(VISITOR)


@pytest.mark.parametrize("kind", RENEWERS)
@pytest.mark.parametrize("path", [RENEW, f"{RENEW}/cart/add?item=7"])
def test_the_worker_renews_before_its_application_is_asked(site, renewers, kind, path):
    """The service says what is known of the visitor by now."""
    token = site.house.token(purpose="renewal", session="r", since=1.0)
    cookie = f"theme=dark; visitor_renewal={token}"
    for method in ("POST", "GET", "DELETE"):
        answer, fresh = renewal(site, renewers[kind], cookie, path, method)
        assert answer.status == 200
        visit = VisitVerifier("shop", site.house.visiting.keys).visit(fresh)
        assert (visit.user, visit.session, visit.since) == ("7", "r", 1.0)
        assert dict(visit.claims) == {"name": "new 7"}
        assert len(answer.headers.get_all("Set-Cookie")) == 2


@pytest.mark.parametrize("kind", RENEWERS)
def test_nobody_is_locked_out_by_a_renewal_that_fails(site, renewers, kind):
    """Without a token, with a wrong one, or where the service fails: a 200."""
    broken = site.house.token("broken", purpose="renewal")
    for cookie in ("theme=dark", "visitor_renewal=x", f"visitor_renewal={broken}"):
        answer, fresh = renewal(site, renewers[kind], cookie)
        assert answer.status == 200
        assert fresh is None
    assert "ValueError: seen" in renewers[kind].log()


def test_no_page_can_ask_for_a_token(site, renewers, wire):
    """A request of a visitor finds nothing there; another service renews nothing."""
    token = site.house.token(purpose="renewal")
    cookie = f"visitor_renewal={token}"
    visited = {"X-Forwarded-Host": "localhost"}
    answer, fresh = renewal(site, renewers["flask"], cookie, **visited)
    assert (answer.status, fresh) == (404, None)
    answer, fresh = renewal(site, wire["third"], cookie)
    assert (answer.status, fresh) == (200, None)


def test_who_signs_out_with_an_old_token_is_out_for_good(site, renewers):
    """The token to renew with says which sign-in it was, and is of no use any more."""
    token = site.house.token(purpose="renewal", session="mine")
    cookie = f"visitor_renewal={token}"
    headers = site.by_gateway("accounts", Cookie=cookie)
    answer = renewers["flask"].ask("/sign-out", "POST", headers=headers)
    assert answer.status == 200
    answer, fresh = renewal(site, renewers["flask"], cookie)
    assert fresh is None
    assert all("Max-Age=0" in line for line in answer.headers.get_all("Set-Cookie"))
