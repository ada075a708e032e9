"""Links in a real site: several mounts, hosts and frameworks behind one gateway."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sites import Answer, SiteUnderTest, ended


ECHO = """
    import json

    from flask import Flask, jsonify, redirect, render_template_string, request, url_for
    from werkzeug.routing import BaseConverter

    app = Flask(__name__)

    class Words(BaseConverter):
        def to_python(self, value): return value.split("+")
        def to_url(self, value): return "+".join(value)

    app.url_map.converters["words"] = Words
    AT = {at!r}

    def told(**values):
        return jsonify(
            endpoint=request.endpoint,
            values={{name: str(value) for name, value in values.items()}},
            query=request.args.to_dict(),
        )

    def rule(name, text, **options):
        app.add_url_rule(AT + text, name, told, **options)

    rule("index", "/")
    rule("item", "/items/<int:id>")
    rule("word", "/words/<word>")
    rule("path", "/paths/<path:rest>/end")
    rule("uuid", "/uuids/<uuid:id>")
    rule("kind", "/kinds/<any(red, blue):kind>/")
    rule("words", "/several/<words:all>")
    rule("page", "/pages/", defaults={{"page": 1}})
    rule("page", "/pages/<int:page>")

    @app.post(AT + "/save")
    def save():
        return redirect(request.args.get("next") or url_for("index"))

    @app.get(AT + "/link")
    def link():
        return url_for(request.args["to"], **json.loads(request.args["values"]))

    @app.get(AT + "/mini")
    def mini():
        return url_for("front.index")

    @app.get(AT + "/around")
    def around():
        return render_template_string("{{{{ fragment('cart.mini') }}}}")

    @app.get(AT + "/whole")
    def whole():
        return url_for("cart.item", id=1, _external=True)

    @app.get(AT + "/go")
    def go():
        return redirect(url_for("cart.item", id=7, then=url_for("front.index")))
"""
STARLETTE = """
    import json

    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from glassware import url_for

    def item(request):
        values = {name: str(value) for name, value in request.path_params.items()}
        return JSONResponse({"endpoint": "item", "values": values, "query": {}})

    async def link(request):
        asked = request.query_params
        return PlainTextResponse(url_for(asked["to"], **json.loads(asked["values"])))

    app = Starlette(routes=[
        Route("/items/{id:int}", item, name="item"), Route("/link", link),
        Mount("/static", StaticFiles(directory="static"), name="static"),
    ])
"""
DJANGO = """
    import json

    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, JsonResponse
    from django.urls import path, re_path

    from glassware import url_for

    settings.configure(
        ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"], DEBUG=True
    )

    def item(request, **values):
        told = {name: str(value) for name, value in values.items()}
        return JsonResponse({"endpoint": "item", "values": told, "query": {}})

    def link(request):
        values = json.loads(request.GET["values"])
        return HttpResponse(url_for(request.GET["to"], **values))

    urlpatterns = [
        path("items/<int:id>/", item, name="item"),
        re_path(r"^years/(?P<year>[0-9]{4})/$", item, name="year"),
        path("link", link),
    ]
    application = get_wsgi_application()
"""
QUART = """
    from quart import Quart, url_for
    app = Quart(__name__)

    @app.get("/link")
    async def link():
        return url_for("cart.item", id=1)
"""
FILES = {
    "site.toml": """
        [groups]
        web = ["front", "kept"]
        """,
    "services/front/service.toml": 'route = "/"\ncalls = ["cart"]\n',
    "services/front/app.py": ECHO.format(at=""),
    "services/cart/service.toml": 'route = "/cart"\n',
    "services/cart/app.py": ECHO.format(at=""),
    "services/cart/static/a b.css": "body {}",
    "services/kept/service.toml": """
        [[routes]]
        path = "/kept"
        mount = "keep"
        """,
    "services/kept/app.py": ECHO.format(at="/kept"),
    "services/cut/service.toml": """
        [[routes]]
        path = "/cut"
        mount = "strip"
        """,
    "services/cut/app.py": ECHO.format(at=""),
    "services/api/service.toml": """
        [[routes]]
        path = "/v1"
        host = "api.localhost"

        [[routes]]
        path = "/api"
        """,
    "services/api/app.py": ECHO.format(at=""),
    "services/admin/service.toml": """
        calls = ["cart"]

        [[routes]]
        path = "/"
        host = "admin.localhost"
        """,
    "services/admin/app.py": ECHO.format(at=""),
    "services/star/static/a.css": "body {}",
    "services/star/service.toml": 'route = "/star"\n',
    "services/star/app.py": STARLETTE,
    "services/classic/service.toml": """
        route = "/classic"
        app = "classic.py:application"
        """,
    "services/classic/classic.py": DJANGO,
    "services/quart/service.toml": 'route = "/quart"\n',
    "services/quart/app.py": QUART,
    "services/hidden/app.py": ECHO.format(at=""),
}
PAGES = {
    "front": ("localhost", ""),
    "kept": ("localhost", "/kept"),
    "cut": ("localhost", "/cut"),
    "api": ("api.localhost", "/v1"),
    "admin": ("admin.localhost", ""),
    "star": ("localhost", "/star"),
    "classic": ("localhost", "/classic"),
}
FLASKS = ("front", "cart", "kept", "cut", "api", "admin")

segments = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=8,
).filter(lambda text: text not in {".", ".."})
values_of = {
    "index": st.fixed_dictionaries({}),
    "item": st.fixed_dictionaries({"id": st.integers(0, 10**6)}),
    "word": st.fixed_dictionaries({"word": segments}),
    "path": st.fixed_dictionaries(
        {"rest": st.lists(segments, min_size=1, max_size=3).map("/".join)}
    ),
    "uuid": st.fixed_dictionaries({"id": st.uuids()}),
    "kind": st.fixed_dictionaries({"kind": st.sampled_from(["red", "blue"])}),
    "page": st.fixed_dictionaries({"page": st.integers(1, 3)}),
}
links = st.sampled_from(sorted(values_of)).flatmap(
    lambda name: st.tuples(st.just(name), values_of[name])
)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[SiteUnderTest]:
    """All of it, running."""
    with ended(tmp_path_factory.mktemp("linked") / "site") as under_test:
        under_test.write(FILES)
        under_test.up()
        yield under_test


def ask(site: SiteUnderTest, address: str, host: str = "localhost") -> Answer:
    """Ask for a link as a browser does that found it on a page of a host."""
    parts = urlsplit(address)
    netloc = parts.netloc or f"{host}:{urlsplit(site.url).port}"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return site.get(path, headers={"Host": netloc})


def link(site: SiteUnderTest, page: str, to: str, /, **values: object) -> str:
    """Return the link that a page of a service makes."""
    host, prefix = PAGES[page]
    given = urlencode({"to": to, "values": json.dumps(values, default=str)})
    answer = ask(site, f"{prefix}/link?{given}", host)
    assert answer.status == 200, answer.text
    return answer.text


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(sorted(PAGES)), st.sampled_from(FLASKS), links)
def test_a_link_leads_to_its_endpoint(site, page, service, wanted):
    """From any page of any host, with the same arguments, through the gateway."""
    endpoint, values = wanted
    address = link(site, page, f"{service}.{endpoint}", **values, q="ä &")

    answer = ask(site, address, PAGES[page][0])

    assert answer.status == 200, address
    told = answer.json()
    assert told["endpoint"] == endpoint
    assert told["values"] == {name: str(value) for name, value in values.items()}
    assert told["query"] == {"q": "ä &"}


@pytest.mark.parametrize("page", PAGES)
def test_rules_and_converters_of_others(site, page):
    """Starlette's and Django's, and a converter that only the neighbour has."""
    host = PAGES[page][0]
    of_starlette = ask(site, link(site, page, "star.item", id=3), host).json()
    several = ask(site, link(site, page, "cart.words", all="a+b"), host).json()

    for endpoint, values in (("item", {"id": 7}), ("year", {"year": 2026})):
        address = link(site, page, f"classic.{endpoint}", **values)
        told = ask(site, address, host).json()["values"]
        assert told == {name: str(value) for name, value in values.items()}
    assert of_starlette["values"] == {"id": "3"}
    assert several["values"] == {"all": "['a', 'b']"}


def test_quart_links_to_neighbours(site):
    """By its own `url_for`."""
    assert ask(site, "/quart/link").text == "/cart/items/1"


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"classic", "star"}))
def test_redirects_and_whole_addresses(site, page):
    """A redirect leads into another service; the own name of a service is known."""
    host, prefix = PAGES[page]
    port = urlsplit(site.url).port
    answer = ask(site, f"{prefix}/go", host)
    shadowed = host == "admin.localhost"
    cart = f"http://localhost:{port}" if shadowed else ""

    assert answer.status == 302
    assert answer.headers["Location"].startswith(f"{cart}/cart/items/7?then=")
    assert ask(site, answer.headers["Location"], host).json()["values"] == {"id": "7"}
    whole = ask(site, f"{prefix}/whole", host).text
    there = "localhost" if shadowed else host
    assert whole == f"http://{there}:{port}/cart/items/1"


def test_links_in_fragments_are_for_their_page(site):
    """A fragment of a page on another host links from there."""
    port = urlsplit(site.url).port

    assert ask(site, "/around").text == "/"
    around = ask(site, "/around", "admin.localhost").text
    assert around == f"http://localhost:{port}/"


def test_a_form_comes_back_by_next(site):
    """The address of a page, given to another service, leads back to that page."""
    back = link(site, "front", "kept.item", id=4)
    form = link(site, "front", "cart.save", next=back)

    answer = site.get(form, "POST")

    assert answer.headers["Location"] == "/kept/items/4"
    assert ask(site, back).json()["values"] == {"id": "4"}


def test_static_files_of_a_neighbour(site):
    """They are an endpoint like any other."""
    address = link(site, "front", "cart.static", filename="a b.css")

    assert address == "/cart/static/a%20b.css"
    assert ask(site, address).text == "body {}"
    mounted = link(site, "front", "star.static", path="a.css")
    assert ask(site, mounted).text == "body {}"


def test_what_is_not_public_is_an_error(site):
    """The page fails, and its log says why and how to publish it."""
    assert ask(site, "/link?to=hidden.index&values={}").status == 500

    said = "`hidden.index` is not public: no address leads to `hidden`"
    site.until(lambda: said in site.log.read_text(), said)
    assert 'route = "/hidden"' in site.log.read_text()


def test_a_renamed_route_breaks_no_link(site):
    """Links follow at once, and whoever links is not started anew."""
    before = site.service("front")["pids"]
    new = ECHO.format(at="").replace('"/items/', '"/things/')
    assert link(site, "front", "cart.item", id=1) == "/cart/items/1"

    site.write({"services/cart/app.py": new})

    site.until(
        lambda: link(site, "front", "cart.item", id=1) == "/cart/things/1", "a new link"
    )
    site.until(lambda: ask(site, "/cart/things/1").status == 200, "the page")
    assert site.service("front")["pids"] == before


def test_what_is_put_into_pages_is_known(site):
    """In development the directory names the routes that are fragments."""
    file = site.folder / ".glassware/directory.json"

    def fragments() -> list[str]:
        return json.loads(file.read_text())["fragments"]

    assert fragments() == []
    page = "services/front/templates/page.html"
    site.write({page: "{{ fragment('cart.item', id=1) }}"})
    site.until(lambda: fragments() == ["cart.item"], "the fragment")
    (site.folder / page).unlink()
    site.until(lambda: fragments() == [], "its end")
