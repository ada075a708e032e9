"""A service of the site in the process of the tests."""

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import Client

from glassware import current
from glassware.current import Incoming
from glassware.errors import UsageError

from .application import become, loaded
from .entered import Entered
from .loadable import Loadable
from .signing_in import cookie_in


@dataclass(frozen=True, slots=True)
class Service:
    """A service that a test has loaded.

    Attributes:
        name: Its name.
        app: Its application.
        client: Asks it: Flask's own test client where it is a Flask
            application, otherwise Werkzeug's.
        environment: Its variables.
    """

    name: str
    app: Any
    client: Any
    environment: dict[str, str] = field(repr=False)

    def sign_in(
        self, user_id: object, /, roles: Iterable[str] = (), **claims: Any
    ) -> None:
        """Let `client` be a visitor who has signed in.

        Args:
            user_id: Who it is.
            roles: As `identity.sign_in` takes them.
            **claims: Likewise.

        Raises:
            UsageError: The site has no page to sign in at.
        """
        name, token = cookie_in(self.environment, user_id, roles, claims)
        self.client.set_cookie(name, token, domain=self._host)

    def sign_out(self) -> None:
        """Let `client` be an anonymous visitor again."""
        name, _ = cookie_in(self.environment, "nobody", (), {})
        self.client.delete_cookie(name, domain=self._host)

    @property
    def _host(self) -> str:
        name: str = getattr(self.app, "config", {}).get("SERVER_NAME") or "localhost"
        return name.partition(":")[0]


@dataclass(slots=True)
class Entry:
    """A service that is loaded, and what has to be undone.

    Attributes:
        service: What the test is given.
        answering: Its application, entered under its own name.
        databases: The names of its databases.
    """

    service: Service
    answering: Any
    databases: tuple[str, ...] = ()
    _plain: Any = None

    def end(self) -> None:
        """Leave the application as it was."""
        if self._plain is not None:
            self.service.app.wsgi_app = self._plain


def load_service(
    described: Loadable, variables: dict[str, str], test: Incoming
) -> Entry:
    """Load a service with its own variables and folder, under its own name.

    Args:
        described: What it is.
        variables: Its own, as they are now.
        test: What the test itself is taken for.

    Raises:
        UsageError: It is no WSGI application.
        BaseException: Whatever the service's own code raises at import.
    """
    name = described.name
    current.members[name] = current.Member(name=name, environment=variables)
    token = current.service.set(name)
    try:
        with become(variables, described.folder):
            found = loaded(described.folder, described.app, name)
            _take_in(found.application)
    finally:
        current.service.reset(token)
    if found.interface != "wsgi":
        raise UsageError(
            f"`{name}` is an ASGI application, which has no such client",
            hint="the fixture `site` runs it",
        )
    app: Any = found.application
    if not hasattr(app, "test_client"):
        answering = Entered(app, name, test)
        service = Service(name, app, Client(answering), variables)
        return Entry(service, answering, described.databases)
    plain = app.wsgi_app
    app.wsgi_app = Entered(plain, name, test)
    service = Service(name, app, app.test_client(), variables)
    return Entry(service, app, described.databases, plain)


def _take_in(application: Any) -> None:
    """Give an application its part in the website, as a worker does."""
    if "flask" in sys.modules:
        extension: Any = importlib.import_module("glassware.website.extension")
        extension.take_in(application)
