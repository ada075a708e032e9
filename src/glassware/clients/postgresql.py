"""A pool of connections to PostgreSQL."""

import select
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from glassware.errors import MissingExtra

from . import Access, Opened
from .urls import query_of


if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

LARGEST = 10
PATIENCE = 5.0
SIGN_OF_LIFE = 2.0

_CANCELLED = "57014"


def access(url: str) -> Access:
    """Return the parts of a URL as libpq reads it."""
    parts, query = urlsplit(url), query_of(url)
    # Several hosts are tried in their order; parts have room for the first.
    place = parts.netloc.rpartition("@")[2].split(",")[0]
    stated = urlsplit(f"//{place}")
    host = query.get("host", "").split(",")[0] or unquote(stated.hostname or "")
    port = query.get("port", "").split(",")[0] or stated.port or 5432
    return Access(
        host=host or "localhost",
        port=int(port),
        user=unquote(parts.username or "") or query.get("user", ""),
        password=unquote(parts.password or "") or query.get("password", ""),
        name=unquote(parts.path.lstrip("/")) or query.get("dbname", ""),
        socket=host if host.startswith("/") else "",
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return a pool whose connections are tried before they are handed out."""
    try:
        from psycopg_pool import ConnectionPool  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingExtra("postgresql", "a PostgreSQL database") from error
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
    return Opened(lambda: pool, pool.close, lambda: _ping(pool))


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there."""
    psycopg, pool = sys.modules.get("psycopg"), sys.modules.get("psycopg_pool")
    if pool is not None and isinstance(error, pool.PoolTimeout):
        return True
    if psycopg is None or not isinstance(error, psycopg.OperationalError):
        return False
    # A statement that took too long, or that somebody else ended.
    if error.sqlstate == _CANCELLED:
        return False
    # Of connections, of resources, or from an operator; without one: no answer.
    return error.sqlstate is None or error.sqlstate[:2] in {"08", "28", "53", "57"}


def _try_out(connection: "Connection", pool: "ConnectionPool[Connection]") -> None:
    try:
        _hear(connection)
    except Exception:
        connection.close()
        # The server was restarted, or is silent: the other idle ones are no
        # better, and the pool would pause for a second at each.
        pool.drain()
        raise


def _hear(connection: "Connection") -> None:
    """Ask the server to do nothing, and wait no longer than a sign of life takes.

    A statement of the connection itself would wait for ever.

    Raises:
        OperationalError: The connection is lost, or the server is silent.
    """
    from psycopg import OperationalError, pq  # noqa: PLC0415 - an optional package

    asked = connection.pgconn
    asked.send_query(b"")
    until = time.monotonic() + SIGN_OF_LIFE
    answers = select.poll()
    answers.register(asked.socket, select.POLLIN)
    while True:
        while asked.is_busy():
            left = until - time.monotonic()
            if left <= 0 or not answers.poll(left * 1000):
                raise OperationalError(f"no answer within {SIGN_OF_LIFE:.0f} s")
            asked.consume_input()
        result = asked.get_result()
        if result is None:
            return
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise OperationalError(result.error_message.decode(errors="replace"))


def _ping(pool: "ConnectionPool[Connection]") -> None:
    # None is handed out that was not heard a moment ago.
    with pool.connection(timeout=SIGN_OF_LIFE):
        pass
