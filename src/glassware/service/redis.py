"""A client for Redis and Valkey."""

from glassware.errors import MissingExtra


try:
    from redis import ConnectionError as Disconnected
    from redis import Redis
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.retry import Retry
except ImportError as error:
    raise MissingExtra("redis", "a Redis database") from error


PATIENCE = 5.0
HEALTH_CHECK_INTERVAL = 30


def open_client(url: str) -> "Redis":
    """Return a client whose errors come within seconds.

    It connects anew by itself; what the server was silent about is not repeated.

    Args:
        url: `redis://…` or `unix://…`.
    """
    pauses = ExponentialWithJitterBackoff(cap=0.5, base=0.02)
    return Redis.from_url(
        url,
        health_check_interval=HEALTH_CHECK_INTERVAL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(pauses, retries=3, supported_errors=(Disconnected,)),
    )
