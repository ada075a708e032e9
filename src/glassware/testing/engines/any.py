"""What every engine promises."""

import stat
from dataclasses import asdict

import pytest

from glassware.errors import EngineError

from .opened import Opening
from .servers import Embedded, Embedder, grant


class Conformance(Opening):
    """What every engine promises, with a server of its own or without one."""

    def test_says_its_version(self) -> None:
        """The version is the server's own, in numbers."""
        version = self.subject.engine.embedded().version
        assert all(part.isdigit() for part in version.split("."))

    @pytest.mark.parametrize("way", ["url", "native_url"])
    def test_gives_a_database(self, shared: Embedded, way: str) -> None:
        """What a grant gives can be written and read, in each way in."""
        url = asdict(shared.provision(grant()))[way]
        self.subject.keep(url, "tea")
        assert self.subject.kept(url) == ["tea"]

    def test_provisioning_again_changes_nothing(self, shared: Embedded) -> None:
        """A second start of the site finds database, role and data as they were."""
        given = grant()
        first = shared.provision(given)
        self.subject.keep(first.url, "tea")
        assert shared.provision(given) == first
        assert self.subject.kept(first.url) == ["tea"]

    def test_databases_are_apart(self, shared: Embedded, embed: Embedder) -> None:
        """What one service keeps is not in the database of another."""
        mine = shared.provision(grant("shop_catalog_main"))
        theirs = self.beside(shared, embed).provision(grant("shop_cart_main"))
        self.subject.keep(mine.url, "tea")
        assert self.subject.kept(theirs.url) == []
        self.subject.keep(theirs.url, "milk")
        assert self.subject.kept(mine.url) == ["tea"]

    def test_wipe_leaves_nothing(self, shared: Embedded) -> None:
        """After a wipe a new grant of that name begins empty."""
        given = grant()
        self.subject.keep(shared.provision(given).url, "tea")
        shared.engine.wipe(shared.url, given)
        assert self.subject.kept(shared.provision(given).url) == []

    def test_wipe_of_nothing_is_no_error(self, shared: Embedded) -> None:
        """A wipe that was cut short can be done again."""
        shared.engine.wipe(shared.url, grant())
        shared.engine.wipe(shared.url, grant())

    def test_wipe_does_not_wait_for_connections(self, shared: Embedded) -> None:
        """A connection that is still open does not hold a wipe up."""
        given = grant()
        access = shared.provision(given)
        self.subject.keep(access.url, "tea")
        with self.subject.connected(access.url):
            shared.engine.wipe(shared.url, given)

    def test_files_are_for_nobody_else(self, shared: Embedded) -> None:
        """Nothing in the data folder can be read by another user."""
        self.subject.keep(shared.provision(grant()).url, "tea")
        top = shared.place.data.stat()
        assert stat.S_IMODE(top.st_mode) == 0o700

    def test_a_deep_odd_data_path_works(self, embed: Embedder) -> None:
        """A checkout may be deep, and its path may hold spaces, quotes and umlauts."""
        data = embed.data.joinpath(*["größe 'a\" b" * 5] * 6)
        server = embed(self.subject.engine, data=data).start()
        url = server.provision(grant()).url
        self.subject.keep(url, "tea")
        assert self.subject.kept(url) == ["tea"]

    def test_an_unwritable_data_folder_is_told(self, embed: Embedder) -> None:
        """A data folder that cannot be made is an error of the engine, with its path."""
        file = embed.data / "file"
        file.touch()
        place = embed(self.subject.engine, data=file / "data").place
        with pytest.raises(EngineError, match=str(file)):
            self.subject.engine.prepare(place)

    def test_offers_variables(self, shared: Embedded) -> None:
        """The ordinary variables are whole, and lead to the database."""
        access = shared.provision(grant())
        offered = access.offer(shared.engine.variables)
        assert access.url in offered.values()
        assert not any("{" in value for value in offered.values())
