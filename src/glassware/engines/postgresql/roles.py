"""Roles and databases on a PostgreSQL server: what SQL makes them and removes them."""

from typing import LiteralString

import psycopg
from psycopg import sql

from glassware.engines import Grant
from glassware.errors import EngineError


Connection = psycopg.Connection[tuple[object, ...]]

_CONNECTIONS = 40
_MARK = "Made by glassware"
# Any number, as long as everybody who provisions takes the same.
_LOCK = 7_130_561

_RIGHTS = (
    "select rolsuper or rolcreaterole or rolcreatedb or rolreplication"
    " or rolbypassrls, shobj_description(oid, 'pg_authid')"
    " from pg_roles where rolname = %s"
)
_OWNER = "select pg_get_userbyid(datdba) from pg_database where datname = %s"


def take_turns(connection: Connection) -> None:
    """Wait until nobody else provisions on this server."""
    connection.execute("set lock_timeout = '60s'")
    connection.execute("select pg_advisory_lock(%s)", [_LOCK])


def provision(connection: Connection, grant: Grant) -> None:
    """Make the database and role of `grant`, or bring them up to date."""
    # Asked before anything is made, so that a refusal leaves nothing behind.
    _check_database(connection, grant.database, grant.role)
    with connection.transaction():
        _make_role(connection, grant.role, grant.password)
    _make_database(connection, grant.database, grant.role)


def wipe(connection: Connection, grant: Grant) -> None:
    """Remove the database and role of `grant`, where they are."""
    if _check_database(connection, grant.database, grant.role):
        do(connection, "drop database {} with (force)", grant.database)
    if _check_role(connection, grant.role):
        do(connection, "drop role {}", grant.role)


def do(connection: Connection, statement: LiteralString, *names: str) -> None:
    """Run a statement with names of databases and roles in it, quoted."""
    identifiers = (sql.Identifier(name) for name in names)
    connection.execute(sql.SQL(statement).format(*identifiers))


def _check_role(connection: Connection, role: str) -> bool:
    """Tell whether the role is there.

    Raises:
        EngineError: It is, and is not one that this tool made.
    """
    row = connection.execute(_RIGHTS, [role]).fetchone()
    if row is None:
        return False
    powerful, comment = row
    if powerful or comment != _MARK:
        raise EngineError(
            f"the PostgreSQL server already has a role `{role}` that is not this site's",
            hint="give the site another `name`, or remove that role",
        )
    return True


def _make_role(connection: Connection, role: str, password: str) -> None:
    if not _check_role(connection, role):
        do(connection, "create role {}", role)
        connection.execute(
            sql.SQL("comment on role {} is {}").format(sql.Identifier(role), _MARK)
        )
    # Hashed on this side, so that no log of the server can have the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(
        sql.SQL("alter role {} login connection limit {} password {}").format(
            sql.Identifier(role), _CONNECTIONS, verifier
        )
    )


def _check_database(connection: Connection, database: str, role: str) -> bool:
    """Tell whether the database is there.

    Raises:
        EngineError: It is, and belongs to another role.
    """
    row = connection.execute(_OWNER, [database]).fetchone()
    if row is not None and row[0] != role:
        raise EngineError(
            f"the PostgreSQL server already has a database `{database}` that belongs "
            f"to `{row[0]}`",
            hint="give the site another `name`, or remove that database",
        )
    return row is not None


def _make_database(connection: Connection, database: str, role: str) -> None:
    if not _check_database(connection, database, role):
        if connection.info.parameter_status("is_superuser") != "on":
            do(connection, "grant {} to current_user", role)
        # Nobody can be connected to this template, so it can always be copied.
        do(
            connection,
            "create database {} owner {} template template0 encoding 'UTF8'",
            *(database, role),
        )
    do(connection, "revoke all on database {} from public", database)
