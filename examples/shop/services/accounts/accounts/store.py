"""Accounts in PostgreSQL."""

from dataclasses import dataclass, field

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from glassware import databases


COLUMNS = "id, email, name, password_hash, roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who has registered."""

    id: int
    email: str
    name: str
    password_hash: str = field(repr=False)
    roles: list[str] = field(default_factory=list)


class EmailTaken(Exception):
    """There is an account with that address."""


def add(email: str, name: str, password_hash: str) -> Account:
    """Keep a new account, or raise `EmailTaken`."""
    query = f"""
        insert into account (email, name, password_hash) values (%s, %s, %s)
        returning {COLUMNS}
    """
    try:
        (account,) = _found(query, email, name, password_hash)
    except UniqueViolation:
        raise EmailTaken from None
    return account


def by_email(email: str) -> Account | None:
    """Return the account with that address."""
    found = _found(f"select {COLUMNS} from account where email = %s", email)
    return found[0] if found else None


def by_id(number: int) -> Account | None:
    """Return the account with that number."""
    found = _found(f"select {COLUMNS} from account where id = %s", number)
    return found[0] if found else None


def count() -> int:
    """Return how many accounts there are."""
    with databases.main.connection() as connection:
        row = connection.execute("select count(*) from account").fetchone()
    return row[0] if row else 0


def grant(email: str, role: str) -> bool:
    """Give an account a role, once; tell whether there is such an account."""
    query = f"""
        update account set roles = array_append(array_remove(roles, %s), %s)
        where email = %s returning {COLUMNS}
    """
    return bool(_found(query, role, role, email))


def _found(query: str, *values: object) -> list[Account]:
    with (
        databases.main.connection() as connection,
        connection.cursor(row_factory=class_row(Account)) as cursor,
    ):
        return cursor.execute(query, values).fetchall()
