"""What the client of an engine promises to the service that opens it."""

from collections.abc import Iterator
from contextlib import contextmanager

from glassware.clients import Opened, plain_url
from glassware.engines import Access

from .servers import Embedded, grant
from .subject import Promises


class Opening(Promises):
    """What `databases.NAME` needs."""

    @contextmanager
    def opened(self, access: Access) -> Iterator[Opened]:
        """Open a database as a service does."""
        url = plain_url(access.native_url)
        client = self.subject.client.open_client(url, name="catalog.main")
        try:
            yield client
        finally:
            client.close()

    def test_a_client_opens_it(self, shared: Embedded) -> None:
        """A service gets the same client every time, and a sign of life."""
        access = shared.provision(grant())
        with self.opened(access) as client:
            client.ping()
            assert client.get() is client.get()

    def test_a_client_can_be_closed_before_it_was_used(self, shared: Embedded) -> None:
        """A service that never asks its database ends like any other."""
        with self.opened(shared.provision(grant())):
            pass

    def test_a_wrong_statement_is_no_lost_server(self) -> None:
        """Only what says that the server is not there answers 503."""
        assert not self.subject.client.is_lost(ValueError("of somebody else"))

    def test_a_url_comes_apart(self, shared: Embedded) -> None:
        """Who wants the parts of a URL gets those of the engine."""
        access = shared.provision(grant())
        parts = self.subject.client.access(plain_url(access.url))
        assert parts["name"] == access.name
