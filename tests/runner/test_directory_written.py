"""What the running site tells its services of each other."""

from pathlib import Path

from glassware.directory import Rule
from glassware.gateway import lines_of
from glassware.model import Route, Service, Site
from glassware.plan import make_plan
from glassware.runner.dead_links import directory_at_rest
from glassware.runner.directory import places_of, published


def site(*routes: Route) -> Site:
    """Return a site of one service, `cart`, with these routes."""
    cart = Service(name="cart", folder=Path("cart"), routes=routes, app="cart:app")
    return Site(folder=Path("shop"), name="shop", services=(cart,))


def test_rules_of_the_last_run_are_public_by_the_manifests_of_this_one():
    """A route that was taken away makes no old rule point beyond the places."""
    before = Route(path="/old", only=("/items",)), Route(path="/cart")
    now = (Route(path="/cart", except_=("/inner",)),)
    rules = (Rule(endpoint="items", rule="/items"), Rule(endpoint="x", rule="/inner"))

    earlier = lines_of(make_plan(site(*before)).gateway, "cart")
    later = lines_of(make_plan(site(*now)).gateway, "cart")
    kept = published(rules, earlier)

    assert [rule.places for rule in kept] == [(0, 1), (1,)]
    assert [rule.places for rule in published(kept, later)] == [(0,), ()]
    assert [place.prefix for place in places_of(later)] == ["/cart"]


def test_a_site_that_does_not_run():
    """What applications reported is known; of the others it is known that it is not."""
    plan = make_plan(site(Route(path="/cart")))
    said = {
        "event": "ready",
        "endpoints": [
            {"name": "live", "rule": "/live", "methods": [], "websocket": True}
        ],
    }

    known = directory_at_rest(plan, {"cart": said}).services["cart"]
    unknown = directory_at_rest(plan, {}).services["cart"]

    assert known.known
    assert not unknown.known
    assert known.rules == (
        Rule(endpoint="live", rule="/live", websocket=True, places=(0,)),
    )
