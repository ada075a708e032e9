"""Which database an error says is not there, wherever in its chain that is said."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from glassware.environment import Settings

from . import NAMES, Client, engine_of, find, plain_url
from .chain import chain_of
from .kept import Kept


@dataclass(frozen=True, slots=True)
class Lost:
    """A database that is not there.

    Attributes:
        engine: Its engine.
        names: Of the service's databases those that it may be; the service may
            have it from elsewhere, and then there is none.
        error: The client library's own.
    """

    engine: str
    names: tuple[str, ...]
    error: Exception

    def line(self, service: str) -> str:
        """Return the plain reason."""
        whose = f" of `{service}`" if service else ""
        if len(self.names) == 1:
            return (
                f"the database `{self.names[0]}` ({self.engine}){whose} does not answer"
            )
        return f"a database ({self.engine}){whose} does not answer"


def lost_database(error: BaseException, settings: Settings) -> Lost | None:
    """Return the database that `error` has missed; `None`: it says nothing of one.

    Args:
        error: Also one that a library made of the client's own.
        settings: Of the service.
    """
    engines = {
        name: binding.engine or engine_of(plain_url(binding.url))
        for name, binding in settings.databases.items()
    }
    clients = _clients(engines.values())
    for each in chain_of(error):
        for engine, client in clients.items():
            if isinstance(each, Exception) and client.is_lost(each):
                names = tuple(name for name, its in engines.items() if its == engine)
                return Lost(engine, names, each)
    return None


def tell(kept: Kept, service: str, lost: Lost) -> None:
    """Let nobody wait for a database that is not there."""
    for name in lost.names:
        kept.lose((service, name), lost.error)


def _clients(others: Iterable[str]) -> dict[str, Client]:
    """Return the client of each engine, those of other distributions last."""
    found = {}
    for engine in dict.fromkeys((*NAMES, *others)):
        # A plug-in that cannot be imported says nothing of errors.
        with suppress(Exception):
            if (client := find(engine)) is not None:
                found[engine] = client
    return found
