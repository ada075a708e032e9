"""Users of a Redis or Valkey server: what a service may do there, and where."""

import hashlib

import redis

from glassware.engines import Grant
from glassware.errors import EngineError

from .server import Server


DEFAULT = "default"

_ANYWHERE = ("~*", "&*", "+@all")

# A service that has a server to itself may do whatever stays inside of it.
_OWN = (
    *_ANYWHERE,
    *("-@admin", "-migrate"),
    *("+client|list", "+client|kill", "+client|unblock", "+config|get"),
    *("+monitor", "+slowlog|get", "+latency|latest", "+role", "+lastsave"),
)

# A service beside others may not do what reaches beyond its database.
_SHARED = (
    *_ANYWHERE,
    *("-@admin", "-@dangerous", "-function", "-script|flush", "-script|kill"),
    *("+keys", "+info", "+sort", "+sort_ro", "+flushdb", "+restore"),
)

# Number by number, who has that database; kept in number 0 of the server itself.
_REGISTRY = "glassware:databases"
_USUAL_COUNT = 16

OLDEST = 7
"""The major version from which on users can be limited well enough."""


def let_in(client: redis.Redis, grant: Grant) -> None:
    """Make the default user of a server of its own the service's."""
    _set_user(client, DEFAULT, "on", _password(grant), *_OWN)
    client.acl_save()


def shut_out(client: redis.Redis) -> None:
    """Empty a server of its own and let only the administrator in."""
    _set_user(client, DEFAULT, "off")
    client.flushall()
    client.acl_save()


def add(client: redis.Redis, grant: Grant, server: Server) -> None:
    """Make a user with a database number on a server that others use too.

    Raises:
        EngineError: The server has no number left, or its user has this name.
    """
    if grant.role in {DEFAULT, server.user}:
        raise EngineError(f"the Redis server has a user `{grant.role}` of its own")
    _check_server(client)
    number = _find(client, grant) or _take(client, grant)
    rules = ("on", _password(grant), *_SHARED)
    try:
        _set_user(client, grant.role, *rules, f"db={number}")
    except redis.ResponseError as error:
        if "db=" not in str(error):
            raise
        # Redis, and Valkey before 9.1, cannot tie a user to a number.
        _set_user(client, grant.role, *rules)
    _save(client)


def remove(client: redis.Redis, grant: Grant, server: Server) -> None:
    """Remove what `add` made, and everything in the database."""
    client.acl_deluser(grant.role)
    _save(client)
    number = _find(client, grant)
    if number is None:
        return
    with server.administrator(number=number) as inside:
        inside.flushdb()
    client.hdel(_REGISTRY, str(number))


def number_of(client: redis.Redis, grant: Grant, server: Server) -> int:
    """Return the database number of `grant`.

    Raises:
        EngineError: It has none.
    """
    number = _find(client, grant)
    if number is None:
        raise EngineError(f"the Redis server has no database for `{grant.role}`")
    return number


def _check_server(client: redis.Redis) -> None:
    facts = client.info("server")
    # Redis has the one key, Valkey the other.
    if "cluster" in {facts.get("redis_mode"), facts.get("server_mode")}:
        raise EngineError(
            "the Redis server is a cluster, which has no separate databases",
            hint="name a server that is not a cluster",
        )
    version = str(facts.get("redis_version", "0"))
    # What Valkey calls itself for Redis's sake is 7.2.4.
    if int(version.partition(".")[0]) < OLDEST:
        raise too_old(version)


def too_old(version: str) -> EngineError:
    """Return the error for a server that cannot keep services apart."""
    return EngineError(
        f"the Redis server has version {version}, which cannot limit what a user "
        "may do well enough",
        hint=f"Redis {OLDEST} or Valkey is needed",
    )


def _find(client: redis.Redis, grant: Grant) -> int | None:
    known = client.hgetall(_REGISTRY)
    numbers = (int(number) for number, role in known.items() if role == grant.role)
    return min(numbers, default=None)


def _take(client: redis.Redis, grant: Grant) -> int:
    used = client.info("keyspace")
    count = _count(client)
    for number in range(1, count):
        free = f"db{number}" not in used
        if free and client.hsetnx(_REGISTRY, str(number), grant.role):
            return number
    raise EngineError(
        f"the Redis server has no free database left for `{grant.role}` among {count}",
        hint="raise `databases` in the server's configuration",
    )


def _count(client: redis.Redis) -> int:
    try:
        return int(client.config_get("databases")["databases"] or _USUAL_COUNT)
    except (redis.ResponseError, KeyError):
        return _USUAL_COUNT


def _set_user(client: redis.Redis, user: str, *rules: str) -> None:
    client.execute_command("ACL", "SETUSER", user, "reset", *rules)  # type: ignore[no-untyped-call]


def _password(grant: Grant) -> str:
    """Return the rule for the password; only its digest goes to the server."""
    return f"#{hashlib.sha256(grant.password.encode()).hexdigest()}"


def _save(client: redis.Redis) -> None:
    try:
        client.acl_save()
    except redis.ResponseError:
        # Without a file for users they last until the server's next start, and
        # the site's next start makes them again.
        return
