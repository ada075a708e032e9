"""Keyspaces and users on a Cassandra server: what CQL makes them and removes them."""

import re

from cassandra import InvalidRequest
from cassandra.cluster import Session

from glassware.engines import Grant
from glassware.engines.identifiers import fitted
from glassware.errors import EngineError

from .programs import number
from .server import ADMINISTRATOR, identifier, text


_LONGEST_NAME = 48
_ODD = re.compile(r"\W", re.ASCII)
_RIGHTS = ("CREATE", "ALTER", "DROP", "SELECT", "MODIFY")

_HINT = "give the site another `name`, or remove that {}"


def keyspace_of(grant: Grant) -> str:
    """Return the name of a keyspace: letters, digits and `_`, and not many of them."""
    return fitted(grant.database, _LONGEST_NAME, _ODD)


def provision(session: Session, grant: Grant, replication: str) -> None:
    """Make the keyspace and user of `grant`, or bring them up to date."""
    keyspace, user = keyspace_of(grant), text(grant.role)
    known, there = _check_user(session, grant), _has_keyspace(session, keyspace)
    if there and not known:
        # The user is made first, so this is not what is left of an attempt.
        raise EngineError(
            f"the Cassandra server already has a keyspace `{keyspace}` that is not "
            "this site's",
            hint=_HINT.format("keyspace"),
        )
    verb = "ALTER" if known else "CREATE"
    session.execute(f"{verb} USER {user} WITH PASSWORD {text(grant.password)}")
    if not there:
        session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {identifier(keyspace)} "
            f"WITH replication = {replication} AND durable_writes = true"
        )
    for right in sorted(set(_RIGHTS) - _rights(session, grant).get(keyspace, set())):
        session.execute(f"GRANT {right} ON KEYSPACE {identifier(keyspace)} TO {user}")


def wipe(session: Session, grant: Grant) -> None:
    """Remove the keyspace and user of `grant`, where they are."""
    keyspace = keyspace_of(grant)
    known = _check_user(session, grant)
    if known or not _has_keyspace(session, keyspace):
        session.execute(f"DROP KEYSPACE IF EXISTS {identifier(keyspace)}")
    if known:
        session.execute(f"DROP USER IF EXISTS {text(grant.role)}")


def is_old(session: Session) -> bool:
    """Tell whether the server is so old that it keeps its schema elsewhere."""
    row = session.execute("SELECT release_version FROM system.local").one()
    return number(row.release_version) < (3,)


def _check_user(session: Session, grant: Grant) -> bool:
    """Tell whether the user is there.

    Raises:
        EngineError: It is, and is not one that this tool made.
    """
    users = {row.name: row.super for row in session.execute("LIST USERS")}
    if grant.role not in users:
        return False
    elsewhere = _rights(session, grant).keys() - {keyspace_of(grant)}
    if grant.role == ADMINISTRATOR or users[grant.role] or elsewhere:
        raise EngineError(
            f"the Cassandra server already has a user `{grant.role}` that is not "
            "this site's",
            hint=_HINT.format("user"),
        )
    return True


def _rights(session: Session, grant: Grant) -> dict[str, set[str]]:
    """Return what a user may do, by keyspace; what is no keyspace counts as one."""
    rights: dict[str, set[str]] = {}
    try:
        rows = session.execute(f"LIST ALL PERMISSIONS OF {text(grant.role)}")
    except InvalidRequest:
        return rights
    for row in rows:
        # <keyspace shop>, <table shop.orders>
        named = re.fullmatch(r"<keyspace (.*)>|<table ([^.]*)\..*>", row.resource)
        name = (named[1] or named[2]) if named else row.resource
        rights.setdefault(name, set()).add(row.permission)
    return rights


def _has_keyspace(session: Session, keyspace: str) -> bool:
    table = "system.schema_keyspaces" if is_old(session) else "system_schema.keyspaces"
    found = session.execute(
        f"SELECT keyspace_name FROM {table} WHERE keyspace_name = %s",  # noqa: S608
        [keyspace],
    )
    return found.one() is not None
