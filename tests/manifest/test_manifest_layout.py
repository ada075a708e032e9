"""The look of a site: found, made a service, and called for by all."""

from pathlib import Path

from glassware.graph import needed_by
from glassware.manifest import load
from glassware.model import LAYOUT_APP, Site
from glassware.plan import make_plan
from sites_on_disk import APP, lines, service, write


BASE = {"layout/templates/base.html": "x"}
ROOT = {"/robots.txt", "/sitemap.xml"}


def paths(site: Site) -> set[str]:
    """Return the public paths of the layout."""
    layout = site.service("layout")
    assert layout is not None
    return {route.path for route in layout.routes}


def test_a_folder_beside_the_services_is_the_look(tmp_path: Path) -> None:
    """It is a service without an application, at `/site` and where robots look."""
    site = load(write(tmp_path, {**service("cart"), **BASE}))
    layout = site.service("layout")

    assert layout is not None
    assert layout.app == LAYOUT_APP
    assert layout.folder == tmp_path / "layout"
    assert paths(site) == {"/site", *ROOT}


def test_an_icon_is_public_where_there_is_one(tmp_path: Path) -> None:
    """Otherwise `/favicon.ico` is left to others."""
    icon = {"layout/static/favicon.svg": "<svg/>"}
    site = load(write(tmp_path, {**service("cart"), **BASE, **icon}))

    assert paths(site) == {"/site", "/favicon.ico", *ROOT}


def test_an_empty_folder_is_no_look(tmp_path: Path) -> None:
    """Neither is one of anything else."""
    write(tmp_path, {**service("cart"), "layout/notes.txt": ""})

    assert load(tmp_path).service("layout") is None


def test_it_can_be_among_the_services(tmp_path: Path) -> None:
    """`services/layout/` without an application is the same."""
    files = {**service("cart"), "services/layout/templates/base.html": "x"}
    site = load(write(tmp_path, files))

    assert paths(site) == {"/site", *ROOT}
    assert make_plan(site).service("cart").layout == tmp_path / "services/layout"


def test_one_with_an_application_is_an_ordinary_service(tmp_path: Path) -> None:
    """Its routes are what it says; its templates are everybody's all the same."""
    site = load(write(tmp_path, {**service("cart"), **BASE, "layout/app.py": APP}))
    layout = site.service("layout")

    assert layout is not None
    assert (layout.app, layout.routes) == ("app.py", ())
    assert make_plan(site).service("cart").layout == tmp_path / "layout"


def test_it_can_be_moved(tmp_path: Path) -> None:
    """`route` in its manifest says where its files are."""
    moved = {"layout/service.toml": 'route = "/look"'}
    site = load(write(tmp_path, {**service("cart"), **BASE, **moved}))

    assert paths(site) == {"/look", *ROOT}


def test_a_taken_address_is_a_fault(tmp_path: Path) -> None:
    """And the hint says which file moves it."""
    write(tmp_path, {**service("pages", 'route = "/site"'), **BASE})

    (fault,) = lines(tmp_path)

    assert fault.startswith("layout: routes[0].path: `/site` already leads to `pages`")
    assert fault.endswith('| write `route = "/…"` into `layout/service.toml`')


def test_what_a_service_publishes_itself_is_its(tmp_path: Path) -> None:
    """A route for `/robots.txt` takes it from the layout."""
    route = '[[routes]]\npath = "/robots.txt"\nmount = "keep"'
    site = load(write(tmp_path, {**service("pages", route), **BASE}))

    assert paths(site) == {"/site", "/sitemap.xml"}


def test_what_it_calls_everybody_may_call(tmp_path: Path) -> None:
    """Its templates run in every application; programs have none."""
    files = {
        **service("cart"),
        **service("pages"),
        "services/node/service.toml": 'command = "node x.js"',
        **BASE,
        "layout/service.toml": 'calls = ["cart"]',
    }
    plan = make_plan(load(write(tmp_path, files)))

    assert plan.service("pages").service.calls == ("cart",)
    assert plan.service("cart").service.calls == ()
    assert plan.service("node").service.calls == ()
    assert set(plan.callers_of("cart")) == {"layout", "pages"}


def test_a_part_of_a_site_has_the_look_too(tmp_path: Path) -> None:
    """With what its templates call."""
    files = {
        **service("cart"),
        **service("pages"),
        **BASE,
        "layout/service.toml": 'calls = ["cart"]',
    }
    site = load(write(tmp_path, files))

    assert set(needed_by(site, ["pages"])) == {"pages", "layout", "cart"}
    assert make_plan(site, only=frozenset({"pages"})).service("layout")
