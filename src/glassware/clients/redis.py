"""A client for Redis and Valkey."""

import sys
from urllib.parse import unquote, urlsplit

from glassware.errors import MissingExtra

from . import Access, Opened
from .urls import query_of


PATIENCE = 5.0
SIGN_OF_LIFE = 2.0
HEALTH_CHECK_INTERVAL = 30


def access(url: str) -> Access:
    """Return the parts of a URL as redis-py reads it."""
    parts, query = urlsplit(url), query_of(url)
    path = unquote(parts.path)
    socket = path if parts.scheme == "unix" else ""
    return Access(
        host="" if socket else parts.hostname or "localhost",
        port=parts.port or 6379,
        user=query.get("username") or unquote(parts.username or ""),
        password=query.get("password") or unquote(parts.password or ""),
        name=query.get("db") or ("" if socket else path.strip("/")) or "0",
        socket=socket,
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return a client whose errors come within seconds.

    It connects anew by itself; what the server was silent about is not repeated.
    """
    try:
        from redis import ConnectionError as Disconnected  # noqa: PLC0415 - optional
        from redis import Redis  # noqa: PLC0415
        from redis.backoff import ExponentialWithJitterBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("redis", "a Redis database") from error
    pauses = ExponentialWithJitterBackoff(cap=0.5, base=0.02)
    client = Redis.from_url(
        url,
        health_check_interval=HEALTH_CHECK_INTERVAL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(pauses, retries=3, supported_errors=(Disconnected,)),
    )
    # On a connection of its own: what the service waits for is nothing to it.
    asking = Redis.from_url(
        url, socket_timeout=SIGN_OF_LIFE, socket_connect_timeout=SIGN_OF_LIFE
    )
    asking.set_retry(Retry(pauses, retries=1, supported_errors=(Disconnected,)))

    def close() -> None:
        client.close()
        asking.close()

    return Opened(lambda: client, close, asking.ping)


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there."""
    redis = sys.modules.get("redis")
    # A wrong password is a kind of `ConnectionError` there.
    return redis is not None and isinstance(
        error, (redis.ConnectionError, redis.TimeoutError)
    )
