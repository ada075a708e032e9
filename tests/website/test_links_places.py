"""Where a link leads: hosts, prefixes, schemes, and what is no link."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from flask import Blueprint, Flask, redirect, render_template_string, url_for
from quart import Quart
from quart import url_for as quart_url_for
from werkzeug.routing import BuildError

import glassware
from glassware import current
from glassware.current import Incoming
from glassware.directory import (
    Directory,
    Entry,
    Place,
    Rule,
    Standing,
    book_of,
    write_directory,
)
from glassware.errors import DeadLink
from glassware.service.settings import forget
from glassware.website.extension import Website, take_in
from glassware.website.links import addresses
from waiting import until


def entry(*places: Place, **fields: object) -> Entry:
    """Return a service with a page, a form and a page that is not public."""
    everywhere = tuple(range(len(places)))
    rules = (
        Rule(endpoint="show", rule="/items/<int:id>", places=everywhere),
        Rule(endpoint="save", rule="/items", methods=("POST",), places=everywhere),
        Rule(endpoint="inner", rule="/inner"),
        Rule(endpoint="static", rule="/static/<path:filename>", places=everywhere),
        Rule(endpoint="bp.page", rule="/bp", places=everywhere),
    )
    return Entry(places=places, rules=rules, **{"known": True, **fields})


SITE = Directory(
    url="http://localhost:8000",
    hosts=("localhost", "shop.example"),
    services={
        "front": entry(Place()),
        "cart": entry(Place(prefix="/cart")),
        "admin": entry(Place(host="admin.example")),
        "api": entry(Place(prefix="/api"), Place(host="api.example", prefix="/v1")),
        "help": entry(Place(host="help.localhost", aliases=("help.shop.example",))),
        "kept": entry(Place(prefix="/kept", keeps=True)),
        "price-list": entry(Place(prefix="/prices")),
        "internal": entry(),
        "program": Entry(places=(Place(prefix="/files"),), known=True),
        "new": Entry(places=(Place(prefix="/new"),)),
    },
)
BOOK = book_of(SITE)


@pytest.mark.parametrize(
    ("name", "host", "address"),
    [
        ("cart", "localhost:8000", "/cart/items/1"),
        ("cart", "shop.example", "/cart/items/1"),
        ("cart", "", "http://localhost:8000/cart/items/1"),
        ("cart", "elsewhere.example", "http://localhost:8000/cart/items/1"),
        ("front", "LOCALHOST:8000", "/items/1"),
        ("admin", "admin.example:8000", "/items/1"),
        ("admin", "localhost:8000", "http://admin.example:8000/items/1"),
        ("admin", "shop.example", "http://admin.example/items/1"),
        # All of this host is another service's.
        ("cart", "admin.example:8000", "http://localhost:8000/cart/items/1"),
        ("api", "localhost:8000", "/api/items/1"),
        ("api", "api.example:8000", "/v1/items/1"),
        ("api", "admin.example:8000", "http://localhost:8000/api/items/1"),
        # Of this host, only a part is.
        ("cart", "api.example:8000", "/cart/items/1"),
        # The nearest of several names.
        ("help", "localhost:8000", "http://help.localhost:8000/items/1"),
        ("help", "shop.example", "http://help.shop.example/items/1"),
        ("help", "help.shop.example", "/items/1"),
        ("help", "", "http://help.localhost:8000/items/1"),
        ("kept", "localhost:8000", "/items/1"),
        ("price_list", "localhost:8000", "/prices/items/1"),
    ],
)
def test_places(name, host, address):
    """A path where it leads there on the same host, otherwise a whole address."""
    standing = Standing("http" if host else "", host)

    assert BOOK.link(f"{name}.show", {"id": 1}, standing) == address


def test_a_whole_address_has_what_the_visitor_used():
    """Scheme, host and port are those of the request, where they lead there."""
    standing = Standing("https", "shop.example")

    def link(name: str, **options: object) -> str:
        return BOOK.link(name, {"id": 1}, standing, **options)

    assert link("cart.show", external=True) == "https://shop.example/cart/items/1"
    assert link("cart.show", scheme="http") == "http://shop.example/cart/items/1"
    assert link("admin.show") == "https://admin.example/items/1"


@pytest.mark.parametrize(
    ("name", "values", "what", "hint"),
    [
        ("crat.show", {}, "the site has no service `crat`", "mean `cart.show`"),
        ("show", {}, "`show` names no service", "`SERVICE.ENDPOINT`"),
        ("cart.shwo", {}, "`cart` has no endpoint `shwo`", "mean `cart.show`"),
        ("cart.xyz", {}, "`cart` has no endpoint `xyz`", "it has `show`, `save`"),
        ("cart.show", {}, "`cart.show` needs `id`", "/items/<int:id>"),
        ("cart.show", {"id": "x"}, "cannot have `id='x'`", ""),
        ("cart.inner", {}, "is not public: the routes of `cart` leave", "`only`"),
        ("internal.show", {}, "not public: no address leads to", 'route = "/internal"'),
        ("program.x", {}, "does not tell what it answers to", "below `/files/`"),
    ],
)
def test_dead_links(name, values, what, hint):
    """Each error says what is wrong and the way out."""
    with pytest.raises(DeadLink) as dead:
        BOOK.link(name, values)

    assert what in dead.value.message
    assert hint in (dead.value.hint or "")


def test_a_method_that_nothing_takes():
    """The error names those that are taken."""
    with pytest.raises(DeadLink, match=r"`cart.save` takes no `GET`.*takes `POST`"):
        BOOK.link("cart.save", {}, method="GET")


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file that says where everything is; the function writes another one."""
    file = tmp_path / "directory.json"

    def write(directory: Directory) -> None:
        new = file.with_suffix(".new")
        new.write_text(write_directory(directory))
        new.replace(file)

    write(SITE)
    monkeypatch.setenv("GLASSWARE_DIRECTORY", str(file))
    monkeypatch.setenv("GLASSWARE_SERVICE", "front")
    forget()
    yield write
    monkeypatch.undo()
    forget()
    addresses._given_up.clear()


@pytest.fixture
def app(listed) -> Flask:
    """The application of the service `front`, which has a blueprint `cart`."""
    app = Flask("front")
    blueprint = Blueprint("cart", "cart", url_prefix="/mine")
    blueprint.add_url_rule("/<int:id>", "save", lambda **values: "")
    app.add_url_rule("/", "index", lambda: redirect(url_for("cart.show", id=2)))
    app.add_url_rule(
        "/page",
        "page",
        lambda: render_template_string("{{ url_for('cart.show', id=1) }}"),
    )
    app.register_blueprint(blueprint)
    Website(app)
    return app


def test_in_flask(app):
    """Views, templates and redirects; anchors, queries and whole addresses."""
    client = app.test_client()

    assert client.get("/page").text == "/cart/items/1"
    assert client.get("/").location == "/cart/items/2"
    with app.test_request_context("/", base_url="https://shop.example"):
        assert url_for("cart.show", id=1, q="ä b", _anchor="c d") == (
            "/cart/items/1?q=%C3%A4+b#c%20d"
        )
        whole = url_for("cart.static", filename="a b.css", _external=True)
        assert whole == "https://shop.example/cart/static/a%20b.css"
        assert url_for("cart.show", id=1, _scheme="http", _external=True) == (
            "http://shop.example/cart/items/1"
        )
        assert url_for("api.bp.page") == "/api/bp"


def test_own_endpoints_win(app):
    """A blueprint of a neighbour's name; the site's own name for what is its own."""
    with app.test_request_context("/"):
        assert url_for("cart.save", id=1) == "/mine/1"
        assert url_for("front.page", _anchor="x") == "/page#x"
        with pytest.raises(BuildError, match="Did you forget to specify values"):
            url_for("cart.save")


def test_in_flask_a_dead_link_is_a_build_error(app):
    """Code that catches Werkzeug's error goes on; a service that is none is Flask's."""
    with app.test_request_context("/"):
        with pytest.raises(BuildError, match="is not public") as dead:
            url_for("internal.show", id=1)
        assert isinstance(dead.value, DeadLink)
        assert dead.value.endpoint == "internal.show"
        with pytest.raises(BuildError, match="Could not build url") as plain:
            url_for("nobody.show")
        assert not isinstance(plain.value, DeadLink)


def test_a_handler_of_the_application_is_still_asked(app):
    """What it says for a dead link counts."""
    app.url_build_error_handlers.append(lambda error, endpoint, values: "/mended")

    with app.test_request_context("/"):
        assert url_for("internal.show") == "/mended"


def test_set_up_twice(app):
    """Nothing is tried twice."""
    handlers = list(app.url_build_error_handlers)
    Website(app)

    assert app.url_build_error_handlers == handlers


def test_without_flask(listed):
    """Scripts get whole addresses; a request that a worker has noted gives its host."""
    assert glassware.url_for("cart.show", id=1) == "http://localhost:8000/cart/items/1"
    token = current.incoming.set(Incoming(scheme="https", host="shop.example"))
    try:
        assert glassware.url_for("cart.show", id=1) == "/cart/items/1"
        assert glassware.url_for("cart.show", id=1, _external=True) == (
            "https://shop.example/cart/items/1"
        )
    finally:
        current.incoming.reset(token)
    with pytest.raises(DeadLink, match="no service `crat`"):
        glassware.url_for("crat.show")


def test_it_loads_no_flask():
    """Services of other frameworks have none, nor Werkzeug."""
    code = "import sys, glassware; glassware.url_for; print(*sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert not {"flask", "werkzeug", "jinja2"} & set(said.split())


async def ask(app: Quart) -> str:
    """Return what its page says."""
    response = await app.test_client().get("/")
    return await response.get_data(as_text=True)


def test_in_quart(listed):
    """Its own `url_for` finds neighbours, too, and never holds up its event loop."""
    app = Quart("front")

    @app.get("/")
    async def index() -> str:
        links = [quart_url_for("cart.show", id=1), quart_url_for("new.show", id=1)]
        return json.dumps(links)

    take_in(app)
    token = current.incoming.set(Incoming(scheme="http", host="localhost:8000"))
    try:
        assert json.loads(asyncio.run(ask(app))) == ["/cart/items/1", "/new/"]
    finally:
        current.incoming.reset(token)


class Lent:
    """A slot that notes what happens to it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def lend(self) -> None:
        """Note it."""
        self.said.append("lent")

    def take_back(self) -> None:
        """Note it."""
        self.said.append("taken back")


def test_a_service_that_is_about_to_start_is_waited_for(listed):
    """The link is right as soon as it has said what it answers to."""
    slot, found = Lent(), []

    def ask() -> None:
        current.incoming.set(Incoming(host="localhost:8000", slot=slot))
        found.append(glassware.url_for("new.show", id=1))

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: slot.said == ["lent"], "waiting")
    known = entry(Place(prefix="/new"))
    listed(Directory(**{**vars_of(SITE), "services": {"new": known}}))
    thread.join(10)

    assert found == ["/new/items/1"]
    assert slot.said == ["lent", "taken back"]


def vars_of(directory: Directory) -> dict[str, object]:
    """Return what a directory says."""
    return {name: getattr(directory, name) for name in directory.__slots__}


def test_a_service_that_does_not_start_breaks_no_page(listed, monkeypatch, caplog):
    """The link leads to its front page; the next one waits no more."""
    monkeypatch.setattr(addresses, "PATIENCE", 0.05)
    token = current.incoming.set(Incoming(host="localhost:8000"))
    try:
        with caplog.at_level(logging.WARNING, "glassware.links"):
            assert glassware.url_for("new.show", id=1, _anchor="x") == "/new/#x"
        assert "`new` has not started yet" in caplog.text
        monkeypatch.setattr(addresses, "PATIENCE", 1e9)
        assert glassware.url_for("new.show", id=1) == "/new/"
    finally:
        current.incoming.reset(token)


def test_a_request_without_time_waits_for_nobody(listed):
    """Its deadline counts more than a right link."""
    token = current.incoming.set(Incoming(host="localhost:8000", deadline=0.0))
    try:
        assert glassware.url_for("new.show", id=1) == "/new/"
    finally:
        current.incoming.reset(token)
