"""What belongs to a service, where a process has several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from glassware.current import Member, members
from glassware.current import service as current_service
from glassware.environment import Binding, Settings, to_variables
from glassware.errors import NotAllowed
from glassware.service.client import services
from glassware.service.databases import Databases
from glassware.tokens import Key, Verifier
from service.http_worker import answer, answering


@pytest.fixture
def member(monkeypatch) -> Callable[..., None]:
    """Put a service into this process."""

    def put(name: str, **said) -> None:
        settings = Settings(site="shop", service=name, **said)
        made = Member(name=name, environment=to_variables(settings))
        monkeypatch.setitem(members, name, made)

    return put


@contextmanager
def running(name: str) -> Iterator[None]:
    """Run the code of a service."""
    token = current_service.set(name)
    try:
        yield
    finally:
        current_service.reset(token)


def test_services_are_told_apart(wire, folder, start, member):
    """Each has its own settings, permissions and identity, whose code it is."""
    heard = []
    start(answering(lambda request: heard.append(dict(request.headers)) or answer()))
    keys = {name: Key.generate() for name in ("cart", "blog")}
    for name, calls in (("cart", ("catalog",)), ("blog", ())):
        address = {"catalog": f"unix:{folder}/ready"}
        member(name, calls=calls, key=keys[name].text, neighbours=address)
    with running("cart"):
        services.catalog.get("/")
    with running("blog"), pytest.raises(NotAllowed, match="`blog` may not call"):
        services.catalog.get("/")
    assert [headers["X-Glassware-Via"] for headers in heard] == ["cart"]
    verifier = Verifier("catalog", {n: key.public for n, key in keys.items()})
    assert verifier.caller(heard[0]["X-Glassware-Identity"]) == "cart"


def test_the_only_service_of_a_process_need_not_be_named(wire, member):
    """A thread that it starts has an empty context, and is its own all the same."""
    member("cart", calls=("blog",))
    assert list(services) == ["blog"]


def test_each_has_its_own_databases(member):
    """One name, two services, two databases."""
    databases, found = Databases(), {}
    for name, number in (("cart", 1), ("blog", 2)):
        url = f"redis://localhost/{number}"
        member(name, databases={"main": Binding(engine="redis", url=url)})
    for name, number in (("cart", 1), ("blog", 2), ("cart", 1)):
        with running(name):
            client = databases.main
            assert found.setdefault(name, client) is client
            assert client.connection_pool.connection_kwargs["db"] == number
    assert found["cart"] is not found["blog"]
    databases.close()
