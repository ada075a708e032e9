"""Hosts below the site's domain, in development and in production."""

from pathlib import Path

import pytest

from gateway.envoy_site import EnvoySite, running
from gateway.kinds import Start
from glassware.gateway import Place, every_host, hosts, lines_of
from glassware.model import Gateway, Route, Service, Site
from glassware.plan import Plan, make_plan


def made(*, production: bool = False, **gateway: object) -> Plan:
    """Return the plan of a site with a website, an API and an office."""
    routes = {
        "web": (Route(path="/"),),
        "api": (Route(path="/", host="api."), Route(path="/v2", host="API.")),
        "office": (Route(path="/", host="admin.eu."),),
        "bare": (Route(path="/only-here", host="."),),
    }
    services = tuple(
        Service(name=name, folder=Path("/s"), routes=each, app="a:b")
        for name, each in routes.items()
    )
    site = Site(
        folder=Path("/s"), name="shop", services=services, gateway=Gateway(**gateway)
    )
    return make_plan(site, production=production)


def places(plan: Plan, service: str) -> list[tuple[str, ...]]:
    """Return the names of each place of a service."""
    return [line.names for line in lines_of(plan.gateway, service)]


def test_in_development_the_domain_is_localhost() -> None:
    """And the real one too, for who has it led to this machine."""
    plan = made(domain="Shop.example")

    assert places(plan, "api") == [("api.localhost", "api.shop.example")] * 2
    assert places(plan, "office") == [("admin.eu.localhost", "admin.eu.shop.example")]
    assert places(plan, "bare") == [("localhost", "shop.example")]
    assert places(plan, "web") == [()]


def test_in_production_it_is_the_declared_one() -> None:
    """And `localhost` is no name of the site."""
    plan = made(domain="shop.example", hosts=("other.example",), production=True)

    assert places(plan, "api") == [("api.shop.example",)] * 2
    assert places(plan, "bare") == [("shop.example",)]
    assert hosts(plan.gateway, production=True) == ("shop.example", "other.example")
    assert {*every_host(plan.gateway, production=True)} == {
        "shop.example",
        "other.example",
        "admin.eu.shop.example",
        "api.shop.example",
    }


def test_without_a_domain_it_is_localhost_everywhere() -> None:
    """A site that is tried in production on a laptop."""
    plan = made(production=True)

    assert places(plan, "api") == [("api.localhost",)] * 2


@pytest.mark.parametrize(
    ("gateway", "production", "url"),
    [
        ({}, False, "http://localhost:8000"),
        ({"domain": "shop.example"}, False, "http://localhost:8000"),
        ({"domain": "shop.example"}, True, "http://shop.example:8000"),
        ({"hosts": ("a.example", "b.example")}, True, "http://a.example:8000"),
    ],
)
def test_the_public_address(
    folder: Path, gateway: dict[str, object], production: bool, url: str
) -> None:
    """In production it is the name that visitors use."""
    plan = made(production=production, **gateway).gateway
    place = Place(folder=folder, plan=plan, port=8000, production=production)

    assert place.url == url


def test_each_host_leads_to_its_service(folder: Path, worker: Start) -> None:
    """With any port; and what no host has is the website's."""
    plan = made(domain="shop.example").gateway
    site = EnvoySite(folder, plan.routes, hosts=plan.hosts)
    names = ("web", "api", "office", "bare")
    try:
        site.start(*(running(name, worker(name).target) for name in names))
        asked = {
            host: site.ask("/only-here", headers={"Host": host}).json()["backend"]
            for host in (
                "localhost",
                f"localhost:{site.port}",
                "127.0.0.1",
                "api.localhost",
                f"API.localhost:{site.port}",
                "api.shop.example",
                "admin.eu.localhost",
                "shop.example",
            )
        }
        other = site.ask("/x", headers={"Host": "www.localhost"}).status
        web = site.ask("/x", headers={"Host": "localhost"}).json()["backend"]
    finally:
        site.stop()

    assert [*asked.values()] == [
        *("bare", "bare", "web", "api", "api", "api", "office", "bare")
    ]
    assert other == 404
    assert web == "web"
