"""The databases of this service, each through its engine's own client library."""

import atexit
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from glassware import clients
from glassware.clients import Access, Client, Opened
from glassware.clients.kept import Kept, Key, kept
from glassware.current import Member, members, service
from glassware.environment import Settings, database_variable, spelled
from glassware.errors import UsageError

from .settings import current


# How a client was got at, which holds as long as the first two are the same.
_Quick = tuple[Member | None, Mapping[Key, Opened], Callable[[], Any]]


class Databases:
    """The databases that the manifest names: `databases.main`.

    What comes back is the client library's own object, opened at its first use
    in this process and shared by its threads: a `psycopg_pool.ConnectionPool`
    for PostgreSQL, a `redis.Redis` for Redis.
    """

    def __init__(self, keeping: Kept | None = None) -> None:
        self._kept = keeping or Kept()
        self._quick: dict[tuple[str, str], _Quick] = {}
        atexit.register(self.close)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self[name]
        # Python makes an error of each miss before it comes here: a microsecond.
        setattr(type(self), name, property(itemgetter(name)))
        return found

    def __getitem__(self, name: str) -> Any:
        # Asked in every view: the way that takes longer is for whatever is new.
        place = service.get(), name
        quick = self._quick.get(place)
        if (
            quick is not None
            and quick[1] is self._kept.opened
            and quick[0] is members.get(place[0])
            and not self._kept.losses
        ):
            return quick[2]()
        opened = self._opened(name, current())
        self._quick[place] = members.get(place[0]), self._kept.opened, opened.get
        return opened.get()

    def _opened(self, name: str, settings: Settings) -> Opened:
        # Several services may share this process, never a database.
        key = (settings.service, spelled(name))
        opened = self._kept.find(key)
        if opened is None:
            opened = self._kept.open(key, *_binding(name, settings))
        return opened

    def __iter__(self) -> Iterator[str]:
        """Return the names of the databases."""
        return iter(current().databases)

    def __dir__(self) -> list[str]:
        return [*current().databases, "close", "settings", "url"]

    def url(self, name: str) -> str:
        """Return the URL of a database, with this service's credentials.

        For a library of your choice: `create_engine(databases.url("main"))`.
        """
        return _binding(name, current())[1]

    def settings(self, name: str) -> Access:
        """Return the parts of a database's URL, for libraries that want them."""
        client, url = _binding(name, current())
        return client.access(url)

    def close(self) -> None:
        """Close every client; the next use opens it again."""
        self._kept.close()


databases = Databases(kept)


def _binding(name: str, settings: Settings) -> tuple[Client, str]:
    """Return the client and the URL of a database.

    Raises:
        UsageError: There is none of that name, or nothing here opens its engine.
    """
    binding = settings.databases.get(spelled(name))
    if binding is None:
        raise _unknown(name, settings)
    if not binding.url:
        raise UsageError(
            f"the database `{name}` does not run",
            hint="in a test it is there with the fixture `site`",
        )
    url = clients.plain_url(binding.url)
    engine = binding.engine or clients.engine_of(url)
    client = clients.find(engine)
    if client is None:
        raise UsageError(
            f"the database `{name}` has the engine `{engine}`, "
            "which `glassware.databases` cannot open",
            hint=f"it opens {_engines('and')}",
        )
    return client, url


def _unknown(name: str, settings: Settings) -> UsageError:
    known = ", ".join(f"`{other}`" for other in settings.databases) or "none"
    if settings.site:
        hint = (
            f'write `{name} = "ENGINE"` below `[databases]` in '
            f"`services/{settings.service}/service.toml`, where `ENGINE` is "
            f"{_engines('or')}"
        )
    else:
        variable = database_variable(name, "URL")
        hint = (
            f"set `{variable}` to its URL, such as "
            "`postgresql://USER:PASSWORD@HOST/NAME`, or start the site with "
            "`glassware up`"
        )
    return UsageError(f"there is no database `{name}`; known: {known}", hint=hint)


def _engines(word: str) -> str:
    *first, last = (f"`{engine}`" for engine in clients.engines())
    return f"{', '.join(first)} {word} {last}"
