"""Static files whose addresses change with their content."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from glassware.directory import Directory, Entry, Place, Rule, write_directory
from glassware.website.look.layout_app import create_app
from glassware.website.look.sitemaps import index
from glassware.website.look.static import FOR_EVER, hashed, unhashed
from sites_on_disk import write
from website.looks import ERROR, application, joined, layout


STATIC = {"static/app.css": "a {}", "static/img/logo.svg": "<svg/>"}
PLACES = (Place(prefix="/catalog"), Place(prefix="/api", host="api.example"))
SITE = Directory(
    url="http://localhost",
    services={
        "catalog": Entry(
            places=PLACES,
            rules=(
                Rule(endpoint="map", rule="/sitemap.xml", places=(0, 1)),
                Rule(endpoint="other", rule="/deep/sitemap.xml", places=(0,)),
            ),
            known=True,
        ),
        "kept": Entry(
            places=(Place(prefix="/kept", keeps=True),),
            rules=(Rule(endpoint="map", rule="/kept/sitemap.xml", places=(0,)),),
            known=True,
        ),
        "inner": Entry(rules=(Rule(endpoint="map", rule="/sitemap.xml"),), known=True),
    },
)


class Whole(FlaskClient):
    """A client that reads each answer to its end, and closes what it came from."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Ask; see `werkzeug.test.Client`."""
        return super().open(*arguments, buffered=True, **options)


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Path]:
    """The folder of a layout with files, of a site with sitemaps."""
    file = tmp_path / "directory.json"
    file.write_text(write_directory(SITE))
    files = {**STATIC, "templates/error.html": ERROR}
    with layout(
        tmp_path / "layout", files, directory=str(file), service="layout"
    ) as folder:
        yield folder


@pytest.fixture
def client(look: Path) -> FlaskClient:
    """Who asks the service that glassware makes of the folder."""
    assert look.is_dir()
    app = create_app()
    app.test_client_class = Whole
    return app.test_client()


def named(look: Path, name: str) -> str:
    """Return the path of a file by its hash."""
    return f"/static/{hashed(look / 'static', name)}"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("app.3f2a9c1b.css", "app.css"),
        ("img/logo.3f2a9c1b.svg", "img/logo.svg"),
        ("LICENSE.3f2a9c1b", "LICENSE"),
        ("a.tar.3f2a9c1b.gz", "a.tar.gz"),
        ("app.css", "app.css"),
        ("app.3f2a9c1.css", "app.3f2a9c1.css"),
    ],
)
def test_what_a_hashed_name_stands_for(name: str, plain: str) -> None:
    """The hash stands before the ending."""
    assert unhashed(name)[0] == plain


def test_a_hashed_file_is_kept_for_ever(look: Path, client: FlaskClient) -> None:
    """Its name changes when it does, so nobody need ask again."""
    path = named(look, "img/logo.svg")
    answer = client.get(path)

    assert answer.text == "<svg/>"
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cache-Control"] == FOR_EVER

    (look / "static/img/logo.svg").write_text("<svg></svg>")

    assert named(look, "img/logo.svg") != path


def test_an_old_name_gives_what_is_there_now(look: Path, client: FlaskClient) -> None:
    """A page of the last release has its style, and nobody keeps it by that name."""
    old = named(look, "app.css")
    write(look, {"static/app.css": "b {}"})
    answer = client.get(old)

    assert (answer.status_code, answer.text) == (200, "b {}")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_plain_name_works(client: FlaskClient) -> None:
    """Style sheets name their images so; they are asked for again after a while."""
    answer = client.get("/static/app.css")
    again = client.get(
        "/static/app.css", headers={"If-None-Match": answer.headers["ETag"]}
    )
    part = client.get("/static/app.css", headers={"Range": "bytes=0-1"})

    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert again.status_code == 304
    assert (part.status_code, part.text) == (206, "a ")


def test_a_file_whose_own_name_looks_hashed(look: Path, client: FlaskClient) -> None:
    """What a bundler has named is served as it is."""
    write(look, {"static/app.deadbeef.css": "bundled"})

    assert client.get("/static/app.deadbeef.css").text == "bundled"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../service.toml",
        "/static/%2e%2e/service.toml",
        "/static/..%2fservice.toml",
        "/static/../service.3f2a9c1b.toml",
        "/static/x//etc/passwd",
        "/static/img",
        "/static/img.3f2a9c1b",
        "/static/nothing.3f2a9c1b.css",
        "/static/a\0.css",
        "/service.toml",
    ],
)
def test_nothing_else_is_served(look: Path, client: FlaskClient, path: str) -> None:
    """No name leads out of the folder of files."""
    write(look, {"service.toml": "calls = []"})

    assert client.get(path).status_code == 404


def test_an_icon_without_its_ending(look: Path, client: FlaskClient) -> None:
    """`/favicon.ico` is whatever icon there is, with its right type."""
    assert client.get("/favicon.ico").status_code == 404

    write(look, {"static/favicon.svg": "<svg/>"})

    assert client.get("/favicon.ico").mimetype == "image/svg+xml"


def test_sitemaps_are_named_in_one(client: FlaskClient) -> None:
    """Those at the beginning of a public place on this host, by absolute addresses."""
    answer = client.get("/sitemap.xml", base_url="https://shop.example")

    assert answer.mimetype == "application/xml"
    assert answer.text == index(
        [
            "https://shop.example/catalog/sitemap.xml",
            "https://shop.example/kept/sitemap.xml",
        ]
    )


def test_robots_are_shown_the_sitemap(look: Path, client: FlaskClient) -> None:
    """Unless the layout says something itself."""
    usual = client.get("/robots.txt", base_url="https://shop.example").text

    assert usual == (
        "User-agent: *\nDisallow:\nSitemap: https://shop.example/sitemap.xml\n"
    )

    write(look, {"robots.txt": "User-agent: x\n"})

    assert client.get("/robots.txt").text == "User-agent: x\n"


def test_robots_stay_out_of_what_is_being_written(tmp_path: Path) -> None:
    """In development nothing is to be found."""
    with layout(tmp_path / "layout", STATIC, development=True):
        answer = create_app().test_client().get("/robots.txt")

    assert answer.text == "User-agent: *\nDisallow: /\n"


def test_links_to_a_file_of_the_layout_are_hashed(look: Path) -> None:
    """By its own endpoint as by the name that others use."""
    app = joined(create_app())

    with app.test_request_context():
        link = url_for("layout.static", filename="app.css")

    assert link == named(look, "app.css")


def service(folder: Path, **config: object) -> Flask:
    """Return a service with static files of its own, and of a blueprint."""
    app = application(folder, {"static/x.js": "x", "part/y.js": "y"})
    app.config.update(config)
    part = Blueprint("part", __name__, static_folder=str(folder / "part"))
    app.register_blueprint(part, url_prefix="/part")
    app.test_client_class = Whole
    return joined(app)


@pytest.mark.parametrize(
    ("endpoint", "name"), [("static", "x.js"), ("part.static", "y.js")]
)
def test_a_service_s_own_files_are_kept_for_ever(
    tmp_path: Path, endpoint: str, name: str
) -> None:
    """By an address with a part of their hash; without it, as Flask has it."""
    app = service(tmp_path)
    client = app.test_client()
    with app.test_request_context():
        link = url_for(endpoint, filename=name)
    path = link.partition("?")[0]

    kept = client.get(link).headers["Cache-Control"]
    others = {client.get(path + q).headers["Cache-Control"] for q in ("", "?v=0")}

    assert "?v=" in link
    assert kept == FOR_EVER
    assert others == {"no-cache"}


def test_a_changed_file_has_another_address(tmp_path: Path) -> None:
    """And the old one is kept no longer."""
    app = service(tmp_path)
    with app.test_request_context():
        old = url_for("static", filename="x.js")
        (tmp_path / "static/x.js").write_text("other")
        os.utime(tmp_path / "static/x.js", (1, 1))
        new = url_for("static", filename="x.js")

    assert new != old
    assert app.test_client().get(old).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("seconds", "said"), [(60, "public, max-age=60"), (0, "no-cache, max-age=0")]
)
def test_a_service_s_own_choice_wins(tmp_path: Path, seconds: int, said: str) -> None:
    """Its time to keep files, its own argument, and files that are not there."""
    app = service(tmp_path, SEND_FILE_MAX_AGE_DEFAULT=seconds)
    with app.test_request_context():
        link = url_for("static", filename="x.js")
        own = url_for("static", filename="x.js", v="mine")
        lost = url_for("static", filename="lost.js")

    assert app.test_client().get(link).headers["Cache-Control"] == said
    assert own.endswith("?v=mine")
    assert lost == "/static/lost.js"


def test_pages_for_the_gateway(look: Path) -> None:
    """They are whole, hold no fragment, and one that fails hinders no other."""
    write(
        look,
        {
            "templates/503.html": "{% call fragment('cart.mini') %}basket{% endcall %}",
            "templates/404.html": "{{ fragment('cart.mini') }}gone",
            "templates/429.html": "{% if %}",
            "templates/413.html": "x" * 100_000,
        },
    )
    pages = joined(create_app()).extensions["glassware.pages"]()

    assert pages["503"] == "basket"
    assert pages["404"] == "gone"
    assert ">504|Gateway Timeout|" in pages["504"]
    assert {"413", "429"}.isdisjoint(pages)


@pytest.mark.parametrize("name", ["a" * 300, f"{'a' * 300}.00000000.css", "a/" * 3000])
def test_a_name_that_no_file_can_have_is_not_found(look: Path, name: str) -> None:
    """Whatever visitors ask for is no mistake of the site's."""
    client = create_app().test_client()
    assert client.get(f"/static/{name}").status_code == 404
