"""The page for those who run the shop, with a real PostgreSQL."""

from collections.abc import Callable

import pytest

from glassware.testing import Fake, Service, Services, SiteDatabases


HTML = {"Accept": "text/html"}


@pytest.fixture
def catalog(
    service: Services, fake: Callable[[str], Fake], site_databases: SiteDatabases
) -> Service:
    """Return the service; around its page nobody has a cart."""
    fake("cart").get("/mini", status=204)
    return service("catalog")


def test_it_is_for_those_who_run_the_shop(catalog: Service) -> None:
    """Others may sign in, or are told that they may not."""
    assert "/account/sign-in" in catalog.client.get("/stock", headers=HTML).location
    catalog.sign_in("7", name="Ada")
    assert catalog.client.get("/stock", headers=HTML).status_code == 403
    assert catalog.client.post("/stock/heron-rose").status_code == 403


def test_they_set_what_there_is(catalog: Service) -> None:
    """Within reason, and what there is least of comes first."""
    catalog.sign_in("7", roles=["admin"], name="Ada")
    before = catalog.client.get("/products/heron-rose").json["stock"]
    for stock, status in ((-1, 400), ("many", 400), (0, 303)):
        form = {"stock": stock}
        answer = catalog.client.post("/stock/heron-rose", data=form)
        assert answer.status_code == status
    assert catalog.client.get("/products/heron-rose").json["stock"] == 0
    assert "Heron, rose" in catalog.client.get("/stock").text
    catalog.client.post("/stock/heron-rose", data={"stock": before})
