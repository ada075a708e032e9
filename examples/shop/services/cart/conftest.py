"""The cart with a database of a site's, and a fake catalog."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from glassware import databases
from glassware.testing import Fake, Recorded, Service, Services, SiteDatabases


PIECE = {
    "name": "Heron",
    "price": 3_950,
    "stock": 12,
    "colour": {"slug": "rose", "name": "Rose", "glass": "#dd7595"},
}


@pytest.fixture
def cart(
    service: Services, fake: Callable[[str], Fake], site_databases: SiteDatabases
) -> Service:
    """Return the service; whatever is asked of the catalog is a Heron."""
    fake("catalog").get("/products", _products)
    cart = service("cart")
    cart.app.config["WTF_CSRF_ENABLED"] = False
    return cart


@pytest.fixture
def valkey(cart: Service) -> Redis:
    """Return the service's own database."""
    return databases.carts


def _products(call: Recorded) -> Any:
    return {
        "items": [
            PIECE | {"slug": slug, "stock": 0 if slug == "gone" else 12}
            for slug in call.query.getlist("slug")
            if slug != "unknown"
        ]
    }
