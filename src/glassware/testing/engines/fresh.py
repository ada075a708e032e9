"""What an engine promises that brings a database back to what it was."""

import pytest

from glassware.errors import EngineError

from .opened import Opening
from .servers import Embedded, Embedder, grant


class FreshConformance(Opening):
    """What an engine promises that has `mark` and `rewind`."""

    def test_rewinds_to_the_mark(self, shared: Embedded) -> None:
        """What was there at the mark is there again, and nothing else, every time."""
        given = grant()
        url = shared.provision(given).url
        self.subject.keep(url, "tea")
        shared.engine.mark(shared.url, given)
        for value in ("milk", "sugar"):
            self.subject.keep(url, value)
            assert self.subject.kept(url) == ["tea", value]
            shared.engine.rewind(shared.url, given)
            assert self.subject.kept(url) == ["tea"]

    def test_rewinds_to_nothing(self, shared: Embedded) -> None:
        """A database that was marked before anything was in it is empty again."""
        given = grant()
        url = shared.provision(given).url
        shared.engine.mark(shared.url, given)
        self.subject.keep(url, "tea")
        shared.engine.rewind(shared.url, given)
        assert self.subject.kept(url) == []

    def test_a_new_mark_replaces_the_old_one(self, shared: Embedded) -> None:
        """What counts is the last mark."""
        given = grant()
        url = shared.provision(given).url
        shared.engine.mark(shared.url, given)
        self.subject.keep(url, "tea")
        shared.engine.mark(shared.url, given)
        self.subject.keep(url, "milk")
        shared.engine.rewind(shared.url, given)
        assert self.subject.kept(url) == ["tea"]

    def test_nothing_to_go_back_to_is_an_error(self, shared: Embedded) -> None:
        """A database that nobody marked is left as it is."""
        given = grant()
        url = shared.provision(given).url
        self.subject.keep(url, "tea")
        with pytest.raises(EngineError):
            shared.engine.rewind(shared.url, given)
        assert self.subject.kept(url) == ["tea"]

    def test_a_rewind_leaves_the_neighbours(
        self, shared: Embedded, embed: Embedder
    ) -> None:
        """One database goes back, the one beside it does not."""
        mine, theirs = grant("shop_catalog_main"), grant("shop_cart_main")
        beside = self.beside(shared, embed)
        url, their_url = shared.provision(mine).url, beside.provision(theirs).url
        shared.engine.mark(shared.url, mine)
        beside.engine.mark(beside.url, theirs)
        self.subject.keep(url, "tea")
        self.subject.keep(their_url, "milk")
        shared.engine.rewind(shared.url, mine)
        assert self.subject.kept(url) == []
        assert self.subject.kept(their_url) == ["milk"]

    def test_clients_of_services_outlive_a_rewind(self, shared: Embedded) -> None:
        """What a service has opened works after it, without an error in between."""
        given = grant()
        access = shared.provision(given)
        shared.engine.mark(shared.url, given)
        with self.opened(access) as client, self.subject.connected(access.url):
            for _ in range(3):
                client.ping()
                self.subject.keep(access.url, "tea")
                shared.engine.rewind(shared.url, given)
                client.ping()
                assert self.subject.kept(access.url) == []

    def test_a_mark_outlives_a_start(self, server: Embedded) -> None:
        """A server that was started anew goes back all the same, or says it cannot."""
        given = grant()
        url = server.provision(given).url
        self.subject.keep(url, "tea")
        server.engine.mark(server.url, given)
        if server.process is not None:
            server.stop()
        server.start()
        self.subject.keep(url, "milk")
        try:
            server.engine.rewind(server.url, given)
        except EngineError:
            assert self.subject.kept(url) == ["tea", "milk"]
        else:
            assert self.subject.kept(url) == ["tea"]

    def test_a_wipe_takes_the_mark_with_it(self, shared: Embedded) -> None:
        """What was marked is not found again under a database of the same name."""
        given = grant()
        self.subject.keep(shared.provision(given).url, "tea")
        shared.engine.mark(shared.url, given)
        shared.engine.wipe(shared.url, given)
        url = shared.provision(given).url
        with pytest.raises(EngineError):
            shared.engine.rewind(shared.url, given)
        assert self.subject.kept(url) == []
