"""The engines' own clients, told apart by the URL: keep a value, get it back."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


REFUSALS = (psycopg.OperationalError, redis.RedisError)


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    """Connect as a service does."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, connect_timeout=3) as connection:
            yield connection
        connection.close()
    else:
        client = redis.Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), decode_responses=True
        )
        with client:
            yield client


def keep(url: str, value: str) -> None:
    """Store `value`, committed."""
    with connected(url) as client:
        if isinstance(client, psycopg.Connection):
            client.execute("create table if not exists kept (value text)")
            client.execute("insert into kept values (%s)", [value])
        else:
            client.rpush("kept", value)


def kept(url: str) -> list[str]:
    """Return every value that was stored."""
    with connected(url) as client:
        if isinstance(client, psycopg.Connection):
            there = client.execute("select to_regclass('kept')").fetchone()
            if there == (None,):
                return []
            return [value for (value,) in client.execute("select value from kept")]
        return list(client.lrange("kept", 0, -1))
