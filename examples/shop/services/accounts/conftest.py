"""Two places to keep accounts: one in memory, and the database of a running site."""

from dataclasses import dataclass, field

import pytest
from accounts.migrate import migrate
from accounts.store import Account, EmailTaken, PostgresStore, Store

from glassware import databases


@dataclass
class MemoryStore:
    """Accounts in a dictionary."""

    kept: dict[str, Account] = field(default_factory=dict)

    def add(self, email: str, name: str, password_hash: str) -> Account:
        """Keep a new account, or raise `EmailTaken`."""
        if email in self.kept:
            raise EmailTaken
        account = Account(
            id=len(self.kept) + 1, email=email, name=name, password_hash=password_hash
        )
        return self.kept.setdefault(email, account)

    def by_email(self, email: str) -> Account | None:
        """Return the account with that address."""
        return self.kept.get(email)

    def by_id(self, number: int) -> Account | None:
        """Return the account with that number."""
        return next((kept for kept in self.kept.values() if kept.id == number), None)

    def count(self) -> int:
        """Return how many accounts there are."""
        return len(self.kept)


@pytest.fixture(params=["memory", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Return a place to keep accounts; every test holds for both."""
    if request.param == "memory":
        return MemoryStore()
    # Only who needs the site pays for its start.
    request.getfixturevalue("site")
    request.getfixturevalue("service")("accounts")
    with databases.main.connection() as connection:
        assert migrate(connection) == []
    return PostgresStore()
