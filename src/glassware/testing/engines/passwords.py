"""What an engine promises whose server asks who somebody is."""

from dataclasses import asdict, replace
from secrets import token_urlsafe

import pytest

from glassware.engines import Grant
from glassware.errors import EngineError

from .servers import Embedded, Embedder, grant
from .subject import Promises


WRONG = "not-the-password"


class PasswordConformance(Promises):
    """Nobody gets in without the right password."""

    @pytest.mark.parametrize("way", ["url", "native_url"])
    @pytest.mark.parametrize("password", [WRONG, ""])
    def test_refuses_a_wrong_password(
        self, shared: Embedded, way: str, password: str
    ) -> None:
        """Nobody gets in without the password, in no way in."""
        given = grant()
        shared.provision(given)
        guess = shared.engine.access(shared.url, replace(given, password=password))
        with pytest.raises(self.subject.refusals):
            self.subject.kept(asdict(guess)[way])

    def test_provisioning_sets_another_password(self, shared: Embedded) -> None:
        """A new password replaces the old one, and the data stays."""
        given = grant()
        old = shared.provision(given)
        self.subject.keep(old.url, "tea")
        new = shared.provision(replace(given, password=token_urlsafe(24)))
        assert self.subject.kept(new.url) == ["tea"]
        with pytest.raises(self.subject.refusals):
            self.subject.kept(old.url)

    def test_a_neighbours_password_opens_nothing(
        self, shared: Embedded, embed: Embedder
    ) -> None:
        """Who tries its own credentials on another's database is refused."""
        mine, theirs = grant("shop_catalog_main"), grant("shop_cart_main")
        beside = self.beside(shared, embed)
        shared.provision(mine)
        beside.provision(theirs)
        intruder = Grant(
            database=theirs.database, role=mine.role, password=mine.password
        )
        with pytest.raises((*self.subject.refusals, EngineError)):
            self.subject.kept(beside.engine.access(beside.url, intruder).url)

    def test_refusal_of_the_administrator_is_an_error(self, shared: Embedded) -> None:
        """A wrong administrator's password is told, not waited for, and not shown."""
        wrong = replace(shared.place, password=WRONG)
        with pytest.raises(EngineError) as caught:
            shared.engine.ready(shared.engine.admin_url(wrong))
        assert WRONG not in str(caught.value)
        assert caught.value.hint

    def test_wipe_lets_nobody_in(self, shared: Embedded) -> None:
        """After a wipe the credentials are worth nothing."""
        given = grant()
        access = shared.provision(given)
        self.subject.keep(access.url, "tea")
        shared.engine.wipe(shared.url, given)
        with pytest.raises(self.subject.refusals):
            self.subject.kept(access.url)

    def test_offers_the_password(self, shared: Embedded) -> None:
        """Libraries that want the parts of the URL find the password, too."""
        access = shared.provision(grant())
        assert access.password in access.offer(shared.engine.variables).values()
        parts = self.subject.client.access(access.url)
        assert parts["password"] == access.password

    def test_a_refused_service_is_told_so(self, shared: Embedded) -> None:
        """A service whose password is wrong has no database, which is no fault of it."""
        given = grant()
        shared.provision(given)
        guess = shared.engine.access(shared.url, replace(given, password=WRONG))
        client = self.subject.client.open_client(guess.native_url, name="catalog.main")
        try:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - the library's own
                client.ping()
        finally:
            client.close()
        assert self.subject.client.is_lost(caught.value)
