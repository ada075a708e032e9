"""Servers that somebody else runs: reached by a URL, set up without this project."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from engines.embedded import Embedded, Embedder
from glassware import engines
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


@contextmanager
def existing(name: str, embed: Embedder) -> Iterator[Embedded]:
    """Run a server of somebody else's."""
    if name == "redis":
        yield embed(PlainRedis()).start()
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
