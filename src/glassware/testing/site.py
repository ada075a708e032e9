"""The real site, as a test sees it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from glassware.environment import Settings, of_nobody
from glassware.injection import InjectedFault
from glassware.runner.logs import LogStore
from glassware.runner.visitor_keys import FILE as KEYS
from glassware.runner.visitor_keys import VisitorKeys
from glassware.service.client import Neighbour
from glassware.visitors import FILE

from .neighbour import Asked
from .run import Run
from .signing_in import cookie_of
from .site_databases import SiteDatabases
from .visitor import Visitor


RESTARTS_WITHIN = 120.0


class Site(SiteDatabases):
    """The real site, running for this session of tests.

    `get`, `post` and the others ask it as a visitor, through its gateway.
    Every test is a new visitor, without cookies.

    Attributes:
        url: Its public address.
        is_fresh: Whether its databases were brought back for this test.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.url: str = run.ask("snapshot")["url"]
        self._visitor = self.visitor()
        self._begun = len(run.said())

    def begin_test(self) -> None:
        """Forget the test before: its cookies, and what was said during it."""
        self._visitor = self.visitor()
        self._begun = len(self._run.said())
        super().begin_test()

    def said(self) -> str:
        """Return what the site has written during this test."""
        return self._run.said(self._begun)

    @property
    def state(self) -> Path:
        """Its state folder, which goes when it ends."""
        return self._run.state.folder

    def visitor(self) -> Visitor:
        """Return a new visitor, with cookies of its own."""
        return Visitor(self.url, self._cookie)

    def sign_in(
        self, user_id: object, /, roles: Iterable[str] = (), **claims: Any
    ) -> None:
        """Let the visitor of this test have signed in; see `Visitor.sign_in`."""
        self._visitor.sign_in(user_id, roles, **claims)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send `GET`; see Werkzeug's `Client`, whose options it takes."""
        return self._visitor.get(path, **options)

    def head(self, path: str, **options: Any) -> TestResponse:
        """Send `HEAD`; see `get`."""
        return self._visitor.head(path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """Send `POST`; see `get`."""
        return self._visitor.post(path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        """Send `PUT`; see `get`."""
        return self._visitor.put(path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        """Send `PATCH`; see `get`."""
        return self._visitor.patch(path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """Send `DELETE`; see `get`."""
        return self._visitor.delete(path, **options)

    def service(self, name: str) -> Neighbour:
        """Return a service to be called as a neighbour calls it, not as a visitor.

        Calls take what `glassware.services` takes, and are allowed to all.
        """
        variables = of_nobody(self.environment(name))
        return Asked(
            name, variables, lambda: str(self._run.ask("token", service=name)["token"])
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the whole site at this moment: what `ps --json` prints."""
        return self._run.ask("snapshot")

    def restart(self, *services: str) -> None:
        """Start services anew; return when they run, or have failed."""
        self._run.ask("restart", within=RESTARTS_WITHIN, services=services)

    @contextmanager
    def fault(
        self,
        caller: str,
        callee: str,
        *,
        slow: float = 0.0,
        down: bool = False,
        status: int = 0,
        flaky: float = 1.0,
    ) -> Iterator[None]:
        """Break the calls from one service to another until the block ends.

        Args:
            caller: Who calls; `*`: whoever.
            callee: Who is called; `*`: whoever.
            slow: Seconds that each call is held up.
            down: Whether the callee cannot be reached.
            status: What each call is answered with.
            flaky: Which calls are met: below 1 a share of them, at random;
                from 2 up every so manieth.
        """
        fault = InjectedFault(
            caller=caller,
            callee=callee,
            slow=slow,
            down=down,
            status=status,
            flaky=flaky,
        )
        self._run.ask("inject", set=asdict(fault))
        try:
            yield
        finally:
            self._run.ask("inject", clear=fault.edge)

    @contextmanager
    def faked(self, service: str, url: str) -> Iterator[None]:
        """Lead the calls to a service elsewhere until the block ends."""
        self._run.ask("inject", fakes={service: url})
        try:
            yield
        finally:
            self._run.ask("inject", fakes={service: None})

    def _cookie(
        self, user_id: object, roles: Iterable[str], claims: Any
    ) -> tuple[str, str]:
        settings = Settings(url=self.url, visitors=str(self.state / FILE))
        has_keys = (self.state / KEYS).exists()
        key = VisitorKeys(self.state).signing() if has_keys else ""
        return cookie_of(settings, key, (user_id, roles, claims))

    def logs(self, service: str) -> str:
        """Return what a service has written since the site was started."""
        entries = LogStore(self._run.state.logs).read([service])
        return "\n".join(entry.text for entry in entries)
