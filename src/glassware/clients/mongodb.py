"""A client for MongoDB."""

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from glassware.errors import MissingExtra

from . import Access, Opened
from .urls import query_of


if TYPE_CHECKING:
    from pymongo.database import Database

SIGN_OF_LIFE = 2.0

# Milliseconds. A server that falls silent is found out by the client's monitor,
# after a heartbeat and a patience for connecting; what waits for it is broken off
# then, and waits once more for a server. A request has ten seconds for all that.
PATIENCE = {
    "heartbeatFrequencyMS": 2000,
    "connectTimeoutMS": 2000,
    "serverSelectionTimeoutMS": 3000,
    # For what is stuck while the server itself answers.
    "socketTimeoutMS": 30_000,
}

_USUAL_PORT = 27017
_USUAL_NAME = "test"

# Refused; no room; it is about to end, or another one is the primary now.
_LOST = {18, 14031, 91, 189, 10058, 10107, 11600, 11602, 13435, 13436}


def access(url: str) -> Access:
    """Return the parts of a URL as pymongo reads it."""
    # By hand: several hosts, or a socket, are no host of an ordinary URL.
    rest = url.partition("://")[2].partition("?")[0]
    place, _, name = rest.partition("/")
    login, _, places = place.rpartition("@")
    user, _, password = login.partition(":")
    # Several hosts are one set; parts have room for the first.
    host, port = _first(places)
    socket = unquote(host) if host.endswith(".sock") else ""
    return Access(
        # Of a socket as URLs write it: so pymongo takes it for a host, too.
        host=host if socket else unquote(host),
        port=port,
        user=unquote(user),
        password=unquote(password),
        name=unquote(name) or _USUAL_NAME,
        socket=socket,
    )


def _first(places: str) -> tuple[str, int]:
    place = places.partition(",")[0]
    host, _, port = place.rpartition(":")
    # Without a port, the colons are those of an address.
    if not port.isdigit() or (":" in host and not host.endswith("]")):
        host, port = place, str(_USUAL_PORT)
    return host.strip("[]") or "localhost", int(port)


def open_client(url: str, *, name: str) -> Opened:
    """Return a database whose errors come within seconds.

    It connects anew by itself, and repeats once what can be repeated safely.
    """
    try:
        import pymongo  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingExtra("mongodb", "a MongoDB database") from error
    said = {option.lower() for option in query_of(url)}
    wanted: dict[str, Any] = {"appname": name, **PATIENCE}
    kwargs = {key: v for key, v in wanted.items() if key.lower() not in said}
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        url, connect=False, **kwargs
    )
    database = client.get_default_database(_USUAL_NAME)
    return Opened(lambda: database, client.close, lambda: _ping(database))


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there."""
    errors = sys.modules.get("pymongo.errors")
    if errors is None:
        return False
    if isinstance(error, errors.OperationFailure):
        return error.code in _LOST
    return isinstance(error, errors.ConnectionFailure)


def _ping(database: "Database[dict[str, Any]]") -> None:
    import pymongo  # noqa: PLC0415 - it is there, `database` is from it

    with pymongo.timeout(SIGN_OF_LIFE):
        database.command("ping")
