"""Users and databases on a MongoDB server: made, kept up to date, removed."""

import re
from dataclasses import replace
from typing import Any

from pymongo.errors import OperationFailure

from glassware.engines import Grant
from glassware.engines.identifiers import fitted
from glassware.errors import EngineError

from .server import Client


# With room for the ending of a copy's name in the 63 bytes that there are.
LONGEST_NAME = 57

_MADE_BY = {"made by": "glassware"}
_EXISTS = 51003
_NOT_FOUND = 11
_THEIRS = {"admin", "config", "local"}
_ODD = re.compile(r"[^A-Za-z0-9_-]")

# Collections, indexes, validation, transactions and change streams: all of a
# database, and nothing beside it.
_ROLES = ("readWrite", "dbAdmin")


def named(grant: Grant) -> Grant:
    """Return `grant` with a name that MongoDB takes for a database."""
    return replace(grant, database=_identifier(grant.database))


def provision(client: Client, grant: Grant) -> None:
    """Make the user of `grant`, or bring it up to date; its database is there at once."""
    fields: dict[str, Any] = {
        "pwd": grant.password,
        "roles": [{"role": role, "db": grant.database} for role in _ROLES],
        "customData": _MADE_BY,
        "mechanisms": ["SCRAM-SHA-256"],
    }
    if not _has_user(client, grant):
        try:
            client[grant.database].command("createUser", grant.role, **fields)
        except OperationFailure as error:
            # Somebody else provisions the same.
            if error.code != _EXISTS:
                raise
        else:
            return
    client[grant.database].command("updateUser", grant.role, **fields)


def wipe(client: Client, grant: Grant) -> bool:
    """Remove the database and the user of `grant`; return whether they were there."""
    if not _has_user(client, grant):
        return False
    client.drop_database(grant.database)
    try:
        client[grant.database].command("dropUser", grant.role)
    except OperationFailure as error:
        if error.code != _NOT_FOUND:
            raise
    return True


def _has_user(client: Client, grant: Grant) -> bool:
    """Tell whether the user is there.

    Raises:
        EngineError: It is, or its database is, and nobody of us made it.
    """
    database = client[grant.database]
    if grant.database in _THEIRS:
        raise _taken(f"a database `{grant.database}` of its own")
    who = {"user": grant.role, "db": grant.database}
    users: list[dict[str, Any]] = database.command("usersInfo", who)["users"]
    if users and users[0].get("customData") != _MADE_BY:
        raise _taken(f"a user `{grant.role}` that is not this site's")
    if not users and database.list_collection_names():
        raise _taken(f"a database `{grant.database}` that is not this site's")
    return bool(users)


def _taken(what: str) -> EngineError:
    return EngineError(
        f"the MongoDB server already has {what}",
        hint="give the site another `name`, or remove that one",
    )


def _identifier(name: str) -> str:
    return fitted(name, LONGEST_NAME, _ODD)
