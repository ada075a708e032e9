"""Databases that exist: used as they are, with the credentials that came with them."""

from collections.abc import Callable, Mapping, Sequence

from glassware import clients
from glassware.clients import Client
from glassware.engines import (
    Access,
    Engine,
    Grant,
    Launch,
    Place,
    Program,
    Script,
    Shell,
)
from glassware.errors import EngineError


_HINT = "check the database's `url` in `[databases]`, with its user and password"


class Given(Engine):
    """An engine that makes nothing and removes nothing.

    Its "administrator's URL" is that of the database, for the service itself.

    Args:
        engine: The engine that such a database has.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.extra = engine.extra
        self.scripts = engine.scripts
        self.variables: Mapping[str, str] = engine.variables

    def embedded(self) -> Program:
        """Say that there is none."""
        raise EngineError("a database that is given has no server of the site's own")

    def prepare(self, place: Place) -> None:
        """Do nothing."""

    def launch(self, place: Place) -> Launch | None:
        """Return nothing to start."""
        return None

    def admin_url(self, place: Place) -> str:
        """Say that nobody administers it."""
        raise EngineError("a database that is given has no administrator here")

    def ready(self, admin_url: str) -> bool:
        """Ask the database for a sign of life, as the service will."""
        client, url, parts = self._client(admin_url)
        try:
            # It takes one try; a client has patience, and a voice of its own.
            if parts["host"] and not self._engine.ready(url):
                return False
        except EngineError as error:
            said = error.message.replace("the administrator ", "")
            raise EngineError(said, hint=_HINT) from None
        opened = client.open_client(url, name="glassware")
        try:
            opened.ping()
        except Exception as error:
            raise EngineError(
                f"the database refuses: {type(error).__name__}", hint=_HINT
            ) from error
        finally:
            opened.close()
        return True

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make nothing."""

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return what is in the URL."""
        _, url, parts = self._client(admin_url)
        return Access(
            url=url,
            native_url=url,
            host=parts["host"],
            port=parts["port"],
            user=parts["user"],
            password=parts["password"],
            name=parts["name"],
            socket=parts["socket"],
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove nothing."""

    def explain(self, log: str) -> EngineError:
        """Return what the engine says."""
        return self._engine.explain(log)

    def shell(self, access: Access) -> Shell | None:
        """Return the engine's own shell."""
        return self._engine.shell(access)

    def apply(
        self,
        access: Access,
        scripts: Sequence[Script],
        tell: Callable[[str], None],
    ) -> None:
        """Apply files of migrations, as the URL's user."""
        self._engine.apply(access, scripts, tell)

    def _client(self, url: str) -> tuple[Client, str, clients.Access]:
        client = clients.find(self.name)
        if client is None:
            raise EngineError(f"`{self.name}` has no client here")
        url = clients.plain_url(url)
        try:
            return client, url, client.access(url)
        except ValueError:
            # What it says may be a part of the password.
            raise EngineError(
                f"the URL of the {self.name} database cannot be read",
                hint="in the user and the password, special characters are written "
                "percent-encoded: `/` is `%2F`, `@` is `%40`",
            ) from None
