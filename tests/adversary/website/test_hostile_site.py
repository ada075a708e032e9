"""A site with a hostile neighbour, odd visitors and an unlucky operator."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sites import Answer, SiteUnderTest, ended
from waiting import until


ACCOUNTS = """
    from flask import Flask, request
    from glassware import identity, visitor

    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def sign_in():
        if request.method == "POST":
            identity.sign_in(request.form["user"])
        return {"user": visitor.id}

    @app.post("/out")
    def sign_out():
        identity.sign_out()
        return {"user": visitor.id}
    """
FRONT = '''
    from flask import Flask, render_template_string, request
    from glassware import visitor

    app = Flask(__name__)
    WHO = """{{ visitor.id }}|{{ fragment("other.kept") }}|{{ fragment("other.renewed")
    }}|{{ fragment("other.public") }}|{{ fragment("front.own") }}"""

    @app.get("/")
    def page():
        return render_template_string(
            "<p>{{ fragment('other.' + request.args.f, deadline=0.5) }}</p><i>end</i>"
        )

    @app.get("/who")
    def who():
        return render_template_string(WHO)

    @app.get("/own")
    def own():
        return f"own={visitor.id}"
    '''
OTHER = """
    import gzip
    import time

    from flask import Flask, Response, render_template_string
    from glassware import visitor

    app = Flask(__name__)

    def answer(html, **headers):
        response = Response(html)
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    @app.get("/kept")
    def kept():
        return answer(f"kept={visitor.id}", Cache_Control="max-age=60")

    @app.get("/renewed")
    def renewed():
        said = "private, max-age=0, stale-while-revalidate=60"
        return answer(f"renewed={visitor.id}", Cache_Control=said)

    @app.get("/public")
    def public():
        said = "public, max-age=0, stale-while-revalidate=60"
        return answer("public", Cache_Control=said)

    @app.get("/cookies")
    def cookies():
        response = answer("<b>bad</b>")
        for n in range(300):
            response.headers.add("Set-Cookie", f"other_{n}={'x' * 900}")
        return response

    @app.get("/claims")
    def claims():
        response = answer("<b>bad</b>", Location="https://evil.test/")
        for name in ("Visitor", "Identity", "Failure", "Refused", "Trace"):
            response.headers[f"X-Glassware-{name}"] = "made up"
        for name in ("visitor", "visitor_renewal", "front_session", "accounts_x"):
            response.headers.add("Set-Cookie", f"{name}=planted; Path=/")
        return response

    @app.get("/links")
    def links():
        response = answer("<b>bad</b>")
        for n in range(50):
            link = ", ".join(f'</{n}-{m}.css>; rel="stylesheet"' for m in range(20))
            response.headers.add("Link", link)
        return response

    @app.get("/varies")
    def varies():
        return answer("<b>bad</b>", Vary=", ".join(f"x-{n}" for n in range(4000)))

    @app.get("/large")
    def large():
        return "x" * 30_000_000

    @app.get("/endless")
    def endless():
        def parts():
            while True:
                yield "<b>"
                time.sleep(0.01)

        return Response(parts(), mimetype="text/html")

    @app.get("/bomb")
    def bomb():
        return answer(gzip.compress(b"x" * 10_000_000), Content_Encoding="gzip")

    @app.get("/loop")
    def loop():
        return "", 302, {"Location": "/other/loop"}

    @app.get("/circle")
    def circle():
        return render_template_string("<u>{{ fragment('front.page', f='circle') }}</u>")

    @app.get("/odd")
    def odd():
        return "odd", 999

    @app.get("/stray")
    def stray():
        return "<b>" * 499 + "</p>" * 20_000
    """
FILES = {
    "site.toml": 'name = "hostile"\n[visitors]\nsign_in = "accounts.sign_in"\n',
    "layout/templates/404.html": "<h1>{{ status }}</h1>",
    "services/accounts/app.py": ACCOUNTS,
    "services/accounts/service.toml": 'route = "/accounts"\n',
    "services/front/app.py": FRONT,
    "services/front/service.toml": 'route = "/"\ncalls = ["other"]\nthreads = 8\n',
    "services/other/app.py": OTHER,
    "services/other/service.toml": 'route = "/other"\ncalls = ["front"]\nthreads = 8\n',
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A page, a neighbour whose fragments it shows, and a service to sign in at."""
    with ended(tmp_path_factory.mktemp("hostile") / "site") as site:
        site.write(FILES)
        site.up()
        yield site


def signed_in(site: SiteUnderTest, user: str) -> dict[str, str]:
    """Return the header with the cookies of a visitor."""
    answer = site.get("/accounts/", "POST", headers=FORM, body=f"user={user}")
    fields = answer.headers.get_all("Set-Cookie") or []
    return {"Cookie": "; ".join(field.partition(";")[0] for field in fields)}


def test_no_visitor_is_shown_what_is_for_another_one(site: SiteUnderTest) -> None:
    """Whatever of it is kept, renewed in the background, or made by the page itself."""

    def visit(number: int) -> set[str]:
        name = f"user{number}" if number else ""
        cookies = signed_in(site, name) if name else {}
        own = f"{name}|kept={name}|renewed={name}|public|own={name}"
        return {site.get("/who", headers=cookies).text for _ in range(20)} - {own}

    with ThreadPoolExecutor(6) as visitors:
        assert [*visitors.map(visit, range(6))] == [set()] * 6


@pytest.mark.parametrize(
    "fragment",
    [
        *("cookies", "claims", "links", "varies", "large", "endless", "bomb"),
        *("loop", "circle", "odd", "stray", "nothing", "../accounts", ""),
    ],
)
def test_no_fragment_takes_its_page_along(site: SiteUnderTest, fragment: str) -> None:
    """The page comes, and says of itself what it would have said anyway."""
    answer = site.get(f"/?f={fragment}")

    assert answer.status == 200
    assert answer.text.endswith("</p><i>end</i>")
    assert "Location" not in answer.headers
    assert "planted" not in str(answer.headers)
    assert "made up" not in str(answer.headers)


@pytest.mark.parametrize("name", ["renew", "csrf-token", "csrf-field", "alive"])
@pytest.mark.parametrize(
    "spelled",
    [
        *("/.glassware/{}", "/accounts/.glassware/{}", "/accounts/%2eglassware/{}"),
        *("/accounts//.glassware/{}", "/accounts/./.glassware/{}", "//.glassware/{}"),
        *("/accounts/.glassware%2f{}", "/accounts/.glassware\\{}"),
        *("/accounts/x/../.glassware/{}", "/accounts/.glassware/{}/", "/.Glassware/{}"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_outside_asks_what_is_for_the_site_alone(
    site: SiteUnderTest, method: str, spelled: str, name: str
) -> None:
    """However it is spelled."""
    answer = site.get(spelled.format(name), method)

    assert answer.status in {400, 404, 405}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("other", ["town=Z\u00fcrich", "a=" + "\u00ff" * 2000])
@pytest.mark.parametrize("order", ["{0}; {1}", "{1}; {0}"])
def test_no_cookie_of_a_script_signs_its_visitor_out(
    site: SiteUnderTest, other: str, order: str
) -> None:
    """Also one with letters that no header is made for."""
    cookies = order.format(other, signed_in(site, "ada")["Cookie"])

    assert site.get("/own", headers={"Cookie": cookies}).text == "own=ada"


def test_a_sign_out_that_is_not_written_down_says_so(site: SiteUnderTest) -> None:
    """It is no success, and the browser keeps its cookies to try again with."""
    cookies = signed_in(site, "ada")
    file = site.folder / ".glassware/revocations"
    aside = file.with_name("aside")
    if file.exists():
        file.rename(aside)
    file.mkdir()
    try:
        answer = site.get("/accounts/out", "POST", headers=cookies)
    finally:
        file.rmdir()
        if aside.exists():
            aside.rename(file)
    assert answer.status == 500
    assert "Set-Cookie" not in answer.headers

    assert site.get("/accounts/out", "POST", headers=cookies).status == 200
    assert site.get("/own", headers=cookies).text == "own="


def test_saves_lose_no_request(site: SiteUnderTest) -> None:
    """Neither those of a service, nor of a neighbour, nor of the layout."""
    over, asked, failed = threading.Event(), [], []

    def visit(path: str) -> None:
        while not over.is_set():
            answer: Answer = site.get(path, headers={"Accept": "text/html"})
            asked.append(path)
            if answer.status not in {200, 404} or "is missing" in answer.text:
                failed.append((path, answer.status, answer.text[:200]))

    def restarts(name: str) -> object:
        return site.service(name)["pids"]

    saved = ("services/front/app.py", "services/other/app.py")
    with ThreadPoolExecutor(3) as visitors:
        paths = ("/who", "/nothing", "/other/kept")
        visits = [visitors.submit(visit, path) for path in paths]
        try:
            for name in (*saved, "layout/templates/404.html"):
                service, file = name.split("/")[1], site.folder / name
                before = restarts(service) if name in saved else None
                file.write_text(file.read_text() + "\n")
                if name in saved:
                    until(lambda s=service, b=before: restarts(s) != b, "the new code")
            count = len(asked)
            until(lambda: len(asked) > count + 10, "visitors of all of it")
        finally:
            over.set()
    assert [each.result() for each in visits] == [None] * 3
    assert failed == []
