"""Several applications of Flask on one host, each with its part in the website."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from glassware import current
from glassware.current import Member
from glassware.directory import Directory, Entry, Place, write_directory
from glassware.environment import Settings, to_variables
from glassware.service import settings
from glassware.tokens import Key
from glassware.website.extension import Website


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the plan says of one service.

    Attributes:
        app: Makes its application, as its module would.
        shares: What it shares.
        path: Where it is public.
        more: Other settings than the usual ones.
    """

    app: Callable[[], Flask]
    shares: tuple[str, ...] = ()
    path: str = ""
    more: Mapping[str, Any] | None = None


class Joined:
    """The services behind one address.

    Args:
        folder: Of the directory's file.
        services: By name; each is public below its own.
        url: The site's public address.
    """

    def __init__(
        self, folder: Path, services: Mapping[str, Told], url: str = "http://localhost"
    ) -> None:
        self._file = folder / "directory.json"
        self.keys = {name: Key.generate() for name in services}
        self.url = url
        entries = {
            name: Entry(
                places=(Place(prefix=told.path or f"/{name}"),),
                known=True,
                key=self.keys[name].public,
                shares=told.shares,
            )
            for name, told in services.items()
        }
        directory = Directory(url=url, hosts=("localhost",), services=entries)
        self._file.write_text(write_directory(directory))
        mounted = {
            told.path or f"/{name}": self._joined(name, told)
            for name, told in services.items()
        }
        self._whole = DispatcherMiddleware(_nothing, mounted)

    def browser(self) -> Client:
        """Return a visitor with cookies of its own."""
        return Client(self._whole)

    def _joined(self, name: str, told: Told) -> Callable[..., Iterable[bytes]]:
        known = {
            "service": name,
            "url": self.url,
            "directory": str(self._file),
            "cookie_key": self.keys[name].text,
            "development": True,
        }
        variables = to_variables(Settings(**known | dict(told.more or {})))
        variables["SECRET_KEY"] = f"the secret key of {name}, and of nobody else"
        current.members[name] = Member(name=name, environment=variables)
        context = Context()
        app = context.run(_made, name, told.app, variables)

        def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            own = Context()
            own.run(current.service.set, name)
            body = own.run(app, environ, start)
            return list(own.run(list, body))

        return answer


def _made(name: str, make: Callable[[], Flask], variables: Mapping[str, str]) -> Flask:
    before = dict(os.environ)
    current.service.set(name)
    os.environ.update(variables)
    try:
        app = make()
        Website(app)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return app


def _nothing(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("404 Not Found", [])
    return [b"there is no service here"]


@contextmanager
def joined(folder: Path, services: Mapping[str, Told], **said: Any) -> Iterator[Joined]:
    """Give a site of applications; nothing is left of it in this process."""
    before = dict(current.members)
    settings.forget()
    try:
        yield Joined(folder, services, **said)
    finally:
        current.members.clear()
        current.members.update(before)
        settings.forget()
