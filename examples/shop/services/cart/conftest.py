"""The cart with the database that a running site gives it."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from glassware import databases
from glassware.testing import Services, Site


@pytest.fixture
def client(service: Services, site: Site) -> FlaskClient:
    """Return a client of the application."""
    return service("cart").client


@pytest.fixture
def valkey(client: FlaskClient) -> Redis:
    """Return the service's own database."""
    return databases.carts
