import pytest

from glassware.errors import CallError, NotAllowed, UnknownService
from glassware.service.client import services


NEIGHBOURS = {"catalog": "unix:/a", "accounts": "unix:/b", "price-list": "unix:/c"}


def test_a_neighbour_that_is_not_in_calls_is_refused(become):
    """The error has the line to write and the file to write it in."""
    become(neighbours=NEIGHBOURS, calls=("accounts",))
    with pytest.raises(NotAllowed) as caught:
        services.catalog.get("/")
    assert str(caught.value) == (
        "`storefront` may not call `catalog` (write "
        '`calls = ["accounts", "catalog"]` in `services/storefront/service.toml`)'
    )


def test_a_service_without_calls_may_call_nobody(become):
    """Without `calls` in the manifest everything is refused."""
    become(neighbours=NEIGHBOURS, calls=())
    with pytest.raises(NotAllowed, match=r'write `calls = \["catalog"\]`'):
        services.catalog.get("/")


def test_an_unknown_name_gets_the_nearest(become):
    """A typing error is told from a missing declaration."""
    become(neighbours=NEIGHBOURS, calls=("catalog",))
    with pytest.raises(UnknownService) as caught:
        services.catalogue.get("/")
    assert str(caught.value) == (
        "`catalogue` is no service of the site `shop` (there is `catalog`)"
    )


def test_a_service_alone_is_told_which_variable_to_set(become):
    """Under plain `flask run` nothing is known, and the way out is said."""
    become(site="", service="", url="", calls=None)
    with pytest.raises(UnknownService) as caught:
        services["price-list"].get("/")
    assert str(caught.value) == (
        "no address is known for the service `price-list` (set "
        "`GLASSWARE_SERVICE_PRICE_LIST_URL=http://localhost:5001`, "
        "or start the site with `glassware up`)"
    )


@pytest.mark.parametrize("address", ["https://a", "a:80", "", "ftp://a"])
def test_an_address_of_another_kind_is_refused(become, wire, address):
    """Only what the transport speaks is tried."""
    become(site="", calls=None, neighbours={"catalog": address})
    with pytest.raises(UnknownService, match="is no address of a service"):
        services.catalog.get("/")


def test_names_can_be_listed(become):
    """A shell completes the names of what may be called."""
    become(neighbours=NEIGHBOURS, calls=("price-list", "catalog"))
    assert list(services) == ["price-list", "catalog"]
    assert dir(services) == ["catalog", "price_list"]
    assert repr(services.catalog) == "<Neighbour catalog>"
    become(neighbours={"catalog": "unix:/a"}, calls=None)


def test_private_names_are_no_neighbours():
    """What looks into objects is not taken for a call."""
    assert not hasattr(services, "__wrapped__")
    assert not hasattr(services, "_repr_html_")


def test_one_except_is_enough():
    """Whoever wants to go on without a neighbour catches `CallError`."""
    assert issubclass(NotAllowed, CallError)
    assert issubclass(UnknownService, CallError)


def test_a_traceback_ends_where_the_call_was_made(become):
    """Below the line that called there is the client's door, and no way through it."""
    become(neighbours=NEIGHBOURS, calls=())
    with pytest.raises(UnknownService) as caught:
        services.nobody.get("/")

    files = [frame.path.name for frame in caught.traceback]
    assert files == ["test_neighbour_names.py", *["client.py"] * 3]
