"""Marks of Redis: what was there, kept in this process, and put back at once.

Whoever rewinds is who marked, so nothing of a mark is on the server, where a
test that empties everything would take it along.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from glassware.engines import Grant
from glassware.errors import EngineError

from . import users
from .server import Server


_SECONDS = 30.0
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Value:
    key: bytes
    dump: bytes = field(repr=False)
    milliseconds: int
    """Until it expires; 0: it never does."""


@dataclass(frozen=True, slots=True)
class _Mark:
    values: dict[int, list[_Value]] = field(repr=False)
    functions: bytes | None = None


_marks: dict[tuple[str, str], _Mark] = {}


def mark(server: Server, grant: Grant) -> None:
    """Remember what a service has."""
    with _connected(server, grant) as client:
        values = {number: _values(client, number) for number in _numbers(server, grant)}
        functions = client.function_dump() if server.own else None
    _marks[_at(server), grant.role] = _Mark(values, functions)


def rewind(server: Server, grant: Grant) -> None:
    """Put back what was remembered, for everybody else in one moment.

    Raises:
        EngineError: Nothing was.
    """
    marked = _marks.get((_at(server), grant.role))
    if marked is None:
        raise EngineError(
            "the Redis database has no mark to go back to: this process made none",
            hint="begin the session of tests anew",
        )
    with _connected(server, grant) as client, client.pipeline() as all_at_once:
        if server.own:
            all_at_once.flushall()
            all_at_once.function_restore(marked.functions, "FLUSH")  # type: ignore[arg-type]
        for number, values in marked.values.items():
            _select(all_at_once, number)
            if not server.own:
                all_at_once.flushdb()
            for value in values:
                all_at_once.restore(value.key, value.milliseconds, value.dump)
        all_at_once.execute()


def forget(server: Server, grant: Grant) -> None:
    """Have nothing to go back to."""
    _marks.pop((_at(server), grant.role), None)


def _at(server: Server) -> str:
    """Return what tells this server from every other."""
    return server.native_url()


def _numbers(server: Server, grant: Grant) -> list[int]:
    """Return the numbers of the databases that are the service's, and not empty."""
    with server.administrator(grant.password) as client:
        if not server.own:
            return [users.number_of(client, grant, server)]
        return [int(name.removeprefix("db")) for name in client.info("keyspace")]


def _values(client: redis.Redis, number: int) -> list[_Value]:
    _select(client, number)
    keys = list(client.scan_iter(count=_AT_ONCE))
    found = []
    for first in range(0, len(keys), _AT_ONCE):
        some = keys[first : first + _AT_ONCE]
        # It has a connection of its own.
        with client.pipeline() as questions:
            _select(questions, number)
            for key in some:
                questions.dump(key)
                questions.pttl(key)
            _, *answers = questions.execute()
        told = zip(some, answers[::2], answers[1::2], strict=True)
        # One that has expired by now is no more.
        found += [_Value(k, dump, max(left, 0)) for k, dump, left in told if dump]
    return found


@contextmanager
def _connected(server: Server, grant: Grant) -> Iterator[redis.Redis]:
    """Connect as the administrator; values are bytes, and may be many."""
    client = redis.Redis.from_url(
        server.native_url(),
        # What selects a database must not get another connection after that.
        single_connection_client=True,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=_SECONDS,
        socket_timeout=_SECONDS,
    )
    try:
        with client:
            yield client
    except (redis.RedisError, OSError) as error:
        raise server.refusal(error, grant.password) from None


def _select(client: redis.Redis, number: int) -> None:
    client.execute_command("SELECT", number)  # type: ignore[no-untyped-call]
