"""The URL of a database, and the parts it is made of."""

from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit


class Access(TypedDict):
    """How a database is reached, in parts.

    Attributes:
        host: A host name, or the folder of a unix socket (PostgreSQL).
        port: Its port; the engine's usual one where nobody says.
        user: May be empty.
        password: May be empty.
        name: Of the database; a number for Redis.
        socket: The unix socket or its folder; empty over TCP.
    """

    host: str
    port: int
    user: str
    password: str
    name: str
    socket: str


_PLAIN = {"postgres": "postgresql", "valkey": "redis", "valkeys": "rediss"}
_ENGINES = {"rediss": "redis", "unix": "redis"}


def plain_url(url: str) -> str:
    """Return `url` with the scheme that every library knows, and no driver in it."""
    scheme, colon, rest = url.partition(":")
    scheme = scheme.partition("+")[0].lower()
    return f"{_PLAIN.get(scheme, scheme)}{colon}{rest}"


def engine_of(url: str) -> str:
    """Return the engine that a plain URL is for, as far as its scheme tells."""
    scheme = url.partition(":")[0]
    return _ENGINES.get(scheme, scheme)


def postgresql_access(url: str) -> Access:
    """Return the parts of a URL as libpq reads it."""
    parts, query = urlsplit(url), _query(url)
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


def redis_access(url: str) -> Access:
    """Return the parts of a URL as redis-py reads it."""
    parts, query = urlsplit(url), _query(url)
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


def _query(url: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(urlsplit(url).query).items()}
