"""A pool of connections to PostgreSQL."""

from glassware.errors import MissingExtra


try:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool
except ImportError as error:
    raise MissingExtra("postgresql", "a PostgreSQL database") from error


LARGEST = 10
PATIENCE = 5.0


def open_pool(url: str, *, name: str) -> "ConnectionPool[Connection]":
    """Return a pool whose connections are tried before they are handed out.

    Args:
        url: `postgresql://…`.
        name: What the pool is called in log lines.
    """
    limits = {"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000}
    kwargs = {name: int(n) for name, n in limits.items() if f"{name}=" not in url}
    pool: ConnectionPool[Connection] = ConnectionPool(
        url,
        kwargs=kwargs,
        # The first use makes the first one; with a minimum it would make two.
        min_size=0,
        max_size=LARGEST,
        open=False,
        check=lambda connection: _try_out(connection, pool),
        name=name,
        timeout=PATIENCE,
        # Giving up early lets the next request try at once; the pool's own
        # pauses between attempts double up to minutes.
        reconnect_timeout=PATIENCE,
        num_workers=2,
    )
    pool.open()
    return pool


def _try_out(connection: "Connection", pool: "ConnectionPool[Connection]") -> None:
    try:
        ConnectionPool.check_connection(connection)
    except Exception:
        # The server was restarted: the other idle ones are dead as well, and
        # the pool would pause for a second at each.
        pool.check()
        raise
