"""Where accounts are kept."""

from dataclasses import dataclass, field
from typing import Protocol

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from glassware import databases


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who has registered."""

    id: int
    email: str
    name: str
    password_hash: str = field(repr=False)


class EmailTaken(Exception):
    """There is an account with that address."""


class Store(Protocol):
    """What the views need of a place to keep accounts."""

    def add(self, email: str, name: str, password_hash: str) -> Account:
        """Keep a new account, or raise `EmailTaken`."""

    def by_email(self, email: str) -> Account | None:
        """Return the account with that address."""

    def by_id(self, number: int) -> Account | None:
        """Return the account with that number."""

    def count(self) -> int:
        """Return how many accounts there are."""


class PostgresStore:
    """Accounts in PostgreSQL."""

    def add(self, email: str, name: str, password_hash: str) -> Account:
        """Keep a new account, or raise `EmailTaken`."""
        query = """
            insert into account (email, name, password_hash) values (%s, %s, %s)
            returning id, email, name, password_hash
        """
        try:
            found = self._one(query, email, name, password_hash)
        except UniqueViolation:
            raise EmailTaken from None
        if found is None:
            raise RuntimeError("`insert … returning` returned nothing")
        return found

    def by_email(self, email: str) -> Account | None:
        """Return the account with that address."""
        return self._one(
            "select id, email, name, password_hash from account where email = %s",
            email,
        )

    def by_id(self, number: int) -> Account | None:
        """Return the account with that number."""
        return self._one(
            "select id, email, name, password_hash from account where id = %s",
            number,
        )

    def count(self) -> int:
        """Return how many accounts there are."""
        with databases.main.connection() as connection:
            row = connection.execute("select count(*) from account").fetchone()
        return row[0] if row else 0

    def _one(self, query: str, *values: object) -> Account | None:
        with (
            databases.main.connection() as connection,
            connection.cursor(row_factory=class_row(Account)) as cursor,
        ):
            return cursor.execute(query, values).fetchone()
