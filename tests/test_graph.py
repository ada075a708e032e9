"""Who calls whom: questions, and pictures."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.graph import (
    Edge,
    as_mermaid,
    as_svg,
    as_text,
    callers_of,
    cycles,
    edges,
    needed_by,
    start_order,
    undeclared_calls,
)
from glassware.model import Route, Service, Site
from kept import assert_kept


KEPT = Path(__file__).parent / "kept_graphs"
SVG = "{http://www.w3.org/2000/svg}"


def service(name: str, *calls: str, **fields: object) -> Service:
    """Return a service that calls others."""
    return Service(name=name, folder=Path(name), calls=calls, **fields)


def site(*services: Service, **groups: tuple[str, ...]) -> Site:
    """Return a site of services, some of them in groups."""
    return Site(folder=Path("shop"), name="shop", services=services, groups=groups)


def public(*paths: str) -> tuple[Route, ...]:
    """Return routes."""
    return tuple(Route(path=path) for path in paths)


SHOP = site(
    service(
        "storefront", "catalog", "cart", "accounts", "warehouse", routes=public("/")
    ),
    service(
        "catalog",
        "reviews",
        routes=public("/api/catalog"),
        databases={"main": "postgresql"},
    ),
    service("cart", "catalog", databases={"main": "redis"}),
    service("accounts", "mailer", databases={"main": "postgresql", "cache": "redis"}),
    service("reviews", "catalog", "warehouse"),
    service("warehouse"),
    service("mailer", "warehouse"),
    service("admin", "accounts", routes=(Route(path="/<&>", host="a.example"),)),
    web=("storefront", "catalog", "cart"),
)

sites = st.lists(st.sets(st.integers(0, 7), max_size=4), min_size=1, max_size=8).map(
    lambda rows: site(
        *(
            service(f"s{number}", *(f"s{c}" for c in sorted(row) if c < len(rows)))
            for number, row in enumerate(rows)
        )
    )
)


def test_edges():
    """A call is an edge, once; what is no service is none."""
    described = site(service("a", "b", "gone", "b"), service("b", "a"))

    assert edges(described) == (Edge("a", "b"), Edge("b", "a"))


def test_a_site_without_groups_has_no_column_for_them():
    """Most have none."""
    assert "GROUP" not in as_text(site(service("a")))
    assert "subgraph" not in as_mermaid(site(service("a")))


def test_questions():
    """A subset with what it needs, whoever depends on one, and circles."""
    assert needed_by(SHOP, ["cart"]) == ("warehouse", "reviews", "catalog", "cart")
    assert needed_by(SHOP, []) == ()
    assert callers_of(SHOP, "mailer") == ("accounts", "storefront", "admin")
    assert callers_of(SHOP, "catalog") == ("reviews", "cart", "storefront")
    assert cycles(SHOP) == (("catalog", "reviews"),)
    assert cycles(site(service("a", "a"), service("b"))) == (("a",),)


@given(sites)
def test_start_order(described: Site):
    """Every service once, and after what it calls, unless that calls it back."""
    order = start_order(described)
    circles = [set(circle) for circle in cycles(described)]

    assert sorted(order) == sorted(s.name for s in described.services)
    for edge in edges(described):
        together = any({edge.caller, edge.callee} <= circle for circle in circles)
        assert together or order.index(edge.callee) < order.index(edge.caller)


@given(sites)
def test_needs_and_callers_mirror(described: Site):
    """Who needs a service is among its callers, and the reverse."""
    for one in described.services:
        for other in described.services:
            if one is not other:
                needs = other.name in needed_by(described, [one.name])
                assert needs == (one.name in callers_of(described, other.name))


def test_a_long_chain():
    """A thousand services in a row are no trouble."""
    row = [service(f"s{n}", f"s{n + 1}") for n in range(999)]
    described = site(*row, service("s999"))

    assert start_order(described)[0] == "s999"
    assert len(needed_by(described, ["s0"])) == 1000


@pytest.mark.parametrize(
    ("name", "draw"),
    [("shop.txt", as_text), ("shop.mmd", as_mermaid), ("shop.svg", as_svg)],
)
def test_pictures(name: str, draw):
    """Each form of the graph is the one that was looked at last."""
    assert_kept(KEPT / name, draw(SHOP))


def boxes(picture: ET.Element) -> Iterable[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of every service."""
    for rect in picture.iter(f"{SVG}rect"):
        if "box" in rect.get("class", "").split():
            x, y, w, h = (
                float(rect.get(k, "0")) for k in ("x", "y", "width", "height")
            )
            yield x, y, x + w, y + h


@given(sites)
def test_boxes_stand_apart(described: Site):
    """Any site gives a valid picture, in which no two services overlap."""
    picture = ET.fromstring(as_svg(described))
    found = [*boxes(picture)]

    assert len(found) == len(described.services)
    for index, (left, top, right, bottom) in enumerate(found):
        for x1, y1, x2, y2 in found[index + 1 :]:
            assert right < x1 or x2 < left or bottom < y1 or y2 < top
    for path in picture.iter(f"{SVG}path"):
        if "edge" in path.get("class", ""):
            assert re.fullmatch(r"[MCH0-9 .e-]+", path.get("d", ""))


def test_an_empty_site():
    """A site without services can be drawn too."""
    assert as_text(site()).startswith("SERVICE")
    assert as_mermaid(site()) == "flowchart LR\n"
    ET.fromstring(as_svg(site()))


CODE = """\
import glassware
import glassware as gw
from glassware import CallError, services, services as others
from .services import services as mine

services.cart.get("/")
services["accounts"].get("/")
others.page_cache.get("/")
glassware.services.reviews.get("/")
gw.services.mailer.get("/")
mine.nobody.get("/")
services._private
services[name].get("/")
"""


def test_undeclared_calls(tmp_path: Path):
    """Calls that the code spells out and the manifest does not are found."""
    files = {
        "app.py": CODE,
        "tests/test_app.py": CODE,
        ".venv/x.py": CODE,
        "env/pyvenv.cfg": "",
        "env/lib/x.py": CODE,
        "pkg/broken.py": "from glassware import services\nservices.x(",
        "pkg/other.py": "services = {}\nservices.cart",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "loop").symlink_to(".")
    ast.parse(CODE)
    caller = Service(name="a", folder=tmp_path, calls=("cart", "page-cache"))

    found = [*undeclared_calls(site(caller))]

    assert {(call.callee, call.line) for call in found} == {
        ("accounts", 7),
        ("reviews", 9),
        ("mailer", 10),
    }
    assert {(call.caller, call.file) for call in found} == {("a", tmp_path / "app.py")}
