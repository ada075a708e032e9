"""What is public, where it leads, and how a service sees its prefix."""

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.kinds import Share, Site, Start


@pytest.fixture(scope="module")
def shop(shared: Share) -> EnvoySite:
    """A site with one service for each way to be public."""
    made, _ = shared(
        "front catalog books kept cut some hosted",
        public("front", "/", except_=("/internal/*", "/products/<int:id>/cost")),
        public("catalog", "/catalog"),
        public("books", "/catalog/books"),
        public("kept", "/kept", mount="keep", only=("/kept/open",)),
        public("cut", "/cut", mount="strip"),
        public(
            "some", "/some", only=("/", "/items/<id>", "/files/<path:rest>", "/d/*")
        ),
        public("hosted", "/", host="admin.shop.test"),
        hosts=("shop.test",),
    )
    return made


def test_each_address_leads_to_its_service(shop: EnvoySite) -> None:
    """The longest prefix wins, by whole segments and by case."""
    led = {
        "/": "front",
        "/catalog": "catalog",
        "/catalog/": "catalog",
        "/catalog?page=2": "catalog",
        "/catalog/x/y": "catalog",
        "/catalogue": "front",
        "/Catalog": "front",
        "/catalog/books": "books",
        "/catalog/books/7": "books",
        "/catalog/booksellers": "catalog",
        "/cut": "cut",
        "/products/7": "front",
        "/some/": "some",
        "/some/items/7": "some",
        "/some/files/a/b/c": "some",
        "/some/d": "some",
        "/some/d/e/f": "some",
        "/kept/open": "kept",
    }

    assert {path: shop.ask(path).json()["backend"] for path in led} == led


def test_what_is_not_declared_is_not_found(shop: EnvoySite) -> None:
    """Rules that are not in `only`, or that are in `except`, are a 404."""
    refused = (
        "/internal",
        "/internal/",
        "/internal/secret",
        "/internal/secret?x=1",
        "/products/7/cost",
        "/products/7/cost/",
        "/some/other",
        "/some/items",
        "/some/items/7/8",
        "/some/files",
        "/kept",
        "/kept/closed",
    )

    assert {path: shop.ask(path).status for path in refused} == dict.fromkeys(
        refused, 404
    )


def test_a_mount_decides_what_the_service_sees(shop: EnvoySite) -> None:
    """`script_name` and `keep` pass the path on; `strip` cuts the prefix off."""
    paths = ("/catalog/p/1?a=%20b", "/kept/open", "/cut", "/cut/", "/cut/a/b?q=1")
    answers = [shop.ask(path).json() for path in paths]

    assert [answer["raw"] for answer in answers] == [
        "/catalog/p/1?a=%20b",
        "/kept/open",
        "/",
        "/",
        "/a/b?q=1",
    ]
    assert [answer["headers"].get("x-forwarded-prefix") for answer in answers] == [
        "/catalog",
        None,
        "/cut",
        "/cut",
        "/cut",
    ]


def test_a_host_of_its_own_comes_before_any_host(shop: EnvoySite) -> None:
    """A route with a `host` has that host to itself, with any port."""
    hosts = {
        "localhost": "front",
        "localhost:8000": "front",
        "127.0.0.1:9": "front",
        "[::1]:9": "front",
        "shop.test": "front",
        "SHOP.test:80": "front",
        "admin.shop.test": "hosted",
    }

    assert {
        host: shop.ask("/x", headers={"Host": host}).json()["backend"] for host in hosts
    } == hosts


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "shop.test.evil.test",
        "xshop.test",
        "localhost.evil.test",
        "shop.test@evil.test",
        "evil.test,shop.test",
        "",
        "127.0.0.2",
    ],
)
def test_a_strange_host_meets_no_service(shop: EnvoySite, host: str) -> None:
    """Only declared names and this machine's own are served."""
    assert shop.ask("/", headers={"Host": host}).status in {400, 404}


def test_production_serves_declared_hosts_alone(site: Site, worker: Start) -> None:
    """`localhost` is nobody's public name."""
    made = site(public("front"), hosts=("shop.test",), production=True)
    made.start(running("front", worker("front").target))

    answers = [made.ask("/", headers={"Host": h}) for h in ("shop.test", "localhost")]

    assert [answer.status for answer in answers] == [200, 404]
    assert answers[1].body == b"Unknown host\n"


def test_a_site_without_routes_is_a_page(site: Site) -> None:
    """A site whose services are all internal still answers at its address."""
    made = site()
    made.start()

    assert made.ask("/").status == 404
