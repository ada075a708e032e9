"""Servers that somebody else runs: reached by a URL, set up without this project."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pymongo
from psycopg import sql

from engines.embedded import Embedded, Embedder, until
from glassware import engines
from glassware.clients.cassandra import Address, make_cluster
from glassware.engines import Launch, Place
from glassware.engines.redis import program as valkey


ADMINISTRATOR = "a dmin:@/é"
PASSWORD = "s3cret:@/%?#é"


class PlainRedis:
    """A Redis as most are: a password for everybody, and no file for users."""

    def __init__(self) -> None:
        self.engine = engines.find("redis")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def prepare(self, place: Place) -> None:
        """Write its settings."""
        place.data.mkdir(exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": place.port,
            "dir": place.data,
            "requirepass": f'"{PASSWORD}"',
            "appendonly": "yes",
        }
        lines = (f"{name} {value}\n" for name, value in settings.items())
        (place.data / "redis.conf").write_text("".join(lines))

    def launch(self, place: Place) -> Launch:
        """Return how it is started."""
        return Launch(argv=(str(valkey()), str(place.data / "redis.conf")))

    def admin_url(self, place: Place) -> str:
        """Return its URL, as its owner writes it into `site.toml`."""
        return f"redis://:{quote(PASSWORD, safe='')}@127.0.0.1:{place.port}"


class PlainPostgreSQL:
    """A PostgreSQL whose administrator is no superuser, as hosted ones are."""

    def __init__(self) -> None:
        self.engine = engines.find("postgresql")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def admin_url(self, place: Place) -> str:
        """Return its URL, as its owner writes it into `site.toml`."""
        login = f"{quote(ADMINISTRATOR, safe='')}:{quote(PASSWORD, safe='')}"
        options = "sslmode=disable&application_name=somebody"
        return f"postgres://{login}@127.0.0.1:{place.port}/postgres?{options}"


class PlainMongoDB:
    """A MongoDB as most begin: no replica set, an administrator without every right."""

    def __init__(self) -> None:
        self.engine = engines.find("mongodb")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def prepare(self, place: Place) -> None:
        """Make the folder of its data."""
        place.data.mkdir(exist_ok=True)

    def launch(self, place: Place) -> Launch:
        """Return how it is started."""
        mongod = str(place.program.path)
        where = ("--dbpath", str(place.data), "--port", str(place.port))
        small = ("--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--quiet")
        return Launch(
            argv=(mongod, *where, *small, "--bind_ip", "127.0.0.1", "--auth"),
            environment=self.engine.launch(place).environment,
        )

    def admin_url(self, place: Place) -> str:
        """Return its URL, as its owner writes it into `site.toml`."""
        login = f"{quote(ADMINISTRATOR, safe='')}:{quote(PASSWORD, safe='')}"
        return f"mongodb://{login}@127.0.0.1:{place.port}/?w=1&appName=somebody"


def start_mongodb(embed: Embedder) -> Embedded:
    """Start a MongoDB of somebody else's, with its administrator."""
    server = embed(PlainMongoDB())
    server.spawn()
    there = f"mongodb://127.0.0.1:{server.place.port}"
    with pymongo.MongoClient(there) as anybody:
        until(lambda: bool(anybody.admin.command("ping")), server.said)
        anybody.admin.command(
            "createUser",
            ADMINISTRATOR,
            pwd=PASSWORD,
            roles=[
                f"{role}AnyDatabase" for role in ("readWrite", "dbAdmin", "userAdmin")
            ],
        )
    return server


class PlainCassandra:
    """A Cassandra with a superuser of another name, as all should have."""

    def __init__(self) -> None:
        self.engine = engines.find("cassandra")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def admin_url(self, place: Place) -> str:
        """Return its URL, as its owner writes it into `site.toml`."""
        login = f"{quote(ADMINISTRATOR, safe='')}:{quote(PASSWORD, safe='')}"
        return f"cassandra://{login}@127.0.0.1:{place.port}?protocol_version=3"


def start_cassandra(embed: Embedder) -> Embedded:
    """Start a Cassandra of somebody else's, with its administrator."""
    server = embed(engines.find("cassandra")).start()
    with make_cluster(Address.parse(server.url)) as cluster:
        cluster.connect().execute(
            f"create user '{ADMINISTRATOR}' with password '{PASSWORD}' superuser"
        )
    server.engine = PlainCassandra()
    return server


@contextmanager
def existing(name: str, embed: Embedder) -> Iterator[Embedded]:
    """Run a server of somebody else's."""
    if name == "redis":
        yield embed(PlainRedis()).start()
        return
    if name == "mongodb":
        yield start_mongodb(embed)
        return
    if name == "cassandra":
        yield start_cassandra(embed)
        return
    server = embed(engines.find("postgresql")).start()
    role = sql.Identifier(ADMINISTRATOR)
    with psycopg.connect(server.url, autocommit=True) as almighty:
        almighty.execute(
            sql.SQL("create role {} login createdb createrole password {}").format(
                role, PASSWORD
            )
        )
        almighty.execute(
            sql.SQL("grant connect on database postgres to {}").format(role)
        )
    almighty.close()
    server.engine = PlainPostgreSQL()
    yield server
