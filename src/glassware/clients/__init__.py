"""Clients of databases: each engine's own library, configured, one file each.

What stands here runs inside services: nothing is imported before it is used,
so that a service without a database, or with one of its own choice, carries
none of it. A client of another distribution is an entry point of the group
`glassware.clients`: an engine's name, and a module like those here.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NotRequired, Protocol, TypedDict, cast


NAMES = ("postgresql", "redis", "mongodb", "cassandra", "dynamodb", "sqlite")
"""The engines whose clients come with glassware; each is the file of that name."""

PLUGINS = "glassware.clients"
"""The group of entry points in which other distributions name theirs."""

# Spellings of URLs by the scheme that every library knows.
_PLAIN = {"postgres": "postgresql", "valkey": "redis", "valkeys": "rediss"}
_ENGINES = {
    "rediss": "redis",
    "unix": "redis",
    "mongodb+srv": "mongodb",
    "dynamodb+https": "dynamodb",
}
# Here the plus sign is part of the scheme, and names no driver.
_WHOLE = {"mongodb+srv", "dynamodb+https"}


class Access(TypedDict):
    """How a database is reached, in parts.

    Attributes:
        host: A host name, or the folder of a unix socket (PostgreSQL).
        port: Its port; the engine's usual one where nobody says.
        user: May be empty.
        password: May be empty.
        name: Of the database; a number for Redis.
        socket: The unix socket or its folder; empty over TCP.
        region: Of Amazon; DynamoDB has one.
    """

    host: str
    port: int
    user: str
    password: str
    name: str
    socket: str
    region: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A client that was opened.

    Attributes:
        get: Returns what `databases.NAME` is, to the thread that asks.
        close: Closes it, for every thread.
        ping: Asks the server for a sign of life, within two seconds or so;
            raises what the library raises where there is none.
    """

    get: Callable[[], Any]
    close: Callable[[], object]
    ping: Callable[[], object]


class Client(Protocol):
    """What the file of an engine has."""

    def access(self, url: str) -> Access:
        """Return the parts of a URL; needs no library."""

    def open_client(self, url: str, *, name: str) -> Opened:
        """Open a client without connecting yet.

        Args:
            url: As `plain_url` returns it.
            name: What it is called where the library has a use for that.

        Raises:
            MissingExtra: The library is not installed.
        """

    def is_lost(self, error: BaseException) -> bool:
        """Tell whether an error of the library says that the server is not there.

        That it is down, silent, full or lets nobody in; not that a statement
        was wrong. The library may not be installed.
        """


def find(engine: str) -> Client | None:
    """Return the client of an engine; `None`: there is none."""
    if engine in NAMES:
        return cast("Client", importlib.import_module(f".{engine}", __name__))
    # It is large, and hardly ever asked.
    from importlib.metadata import entry_points  # noqa: PLC0415

    for entry in entry_points(group=PLUGINS, name=engine):
        return cast("Client", entry.load())
    return None


def engines() -> tuple[str, ...]:
    """Return the engines that have a client here."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - as above

    others = (entry.name for entry in entry_points(group=PLUGINS))
    return tuple(dict.fromkeys((*NAMES, *others)))


def plain_url(url: str) -> str:
    """Return `url` with the scheme that every library knows, and no driver in it."""
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme not in _WHOLE:
        scheme = scheme.partition("+")[0]
    return f"{_PLAIN.get(scheme, scheme)}{colon}{rest}"


def engine_of(url: str) -> str:
    """Return the engine that a plain URL is for, as far as its scheme tells."""
    scheme = url.partition(":")[0]
    return _ENGINES.get(scheme, scheme)
