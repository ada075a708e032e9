"""Applications in one process whose pages have fragments of each other."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Response

from glassware import current
from glassware.current import LocalAnswer, Member
from glassware.directory import Directory, Entry, Place, Rule, write_directory
from glassware.environment import Settings, spelled, to_variables
from glassware.service import edge, settings
from glassware.service.incoming import read_request
from glassware.service.local import Local
from glassware.service.transports import stand_ins
from glassware.website import cache
from glassware.website.extension import Website
from glassware.website.fragments import missing as fragment_missing
from glassware.worker.endpoints import endpoints_of


class Site:
    """Applications of one process, each with its part in the website.

    Args:
        folder: Of the directory's file.
        apps: By name; the first one has the pages.
        said: More settings of every service.
    """

    def __init__(
        self, folder: Path, apps: Mapping[str, Flask], said: Mapping[str, Any]
    ) -> None:
        self.name = next(iter(apps))
        self.page = apps[self.name]
        file = folder / "directory.json"
        entries = {name: _entry(name, app) for name, app in apps.items()}
        file.write_text(
            write_directory(Directory(url="http://localhost", services=entries))
        )
        for name, app in apps.items():
            others = [other for other in apps if other != name]
            known: dict[str, Any] = {
                "site": "shop",
                "service": name,
                "calls": tuple(others),
                "neighbours": {spelled(n): f"unix:/nowhere/{n}" for n in others},
                "directory": str(file),
                **said,
            }
            variables = to_variables(Settings(**known))
            current.members[name] = Member(name=name, environment=variables)
            Context().run(_taken_in, name, app)
            stand_ins[spelled(name)] = Local(_call(name, app))

    def get(self, path: str = "/", **options: Any) -> TestResponse:
        """Ask the first application as a visitor."""
        client = self.page.test_client(use_cookies=False)
        return self.run(lambda: client.get(path, buffered=True, **options))

    def run(self, function: Callable[[], Any]) -> Any:
        """Run something as the first service."""
        context = copy_context()
        context.run(current.service.set, self.name)
        return context.run(function)


@contextmanager
def fragment_site(folder: Path, **apps: Flask | Any) -> Iterator[Site]:
    """Give a site; nothing of it is left in this process afterwards."""
    said = {"development": apps.pop("development", False)}
    before = dict(current.members)
    settings.forget()
    edge.forget()
    cache.forget()
    fragment_missing.quiet.forget()
    try:
        yield Site(folder, apps, said)
    finally:
        stand_ins.clear()
        current.members.clear()
        current.members.update(before)
        settings.forget()
        edge.forget()


def application(name: str = "storefront", **routes: Any) -> Flask:
    """Return an application; a text is the HTML of a route, a function its view."""
    app = Flask(name)
    app.secret_key = f"the key of {name}"
    for endpoint, view in routes.items():
        answer = view if callable(view) else lambda view=view: view
        app.add_url_rule(f"/{endpoint}", endpoint, answer)
    return app


def _taken_in(name: str, app: Flask) -> None:
    current.service.set(name)
    Website(app)


def _entry(name: str, app: Flask) -> Entry:
    rules = [
        Rule(
            endpoint=each["endpoint"] if "endpoint" in each else each["name"],
            rule=each["rule"],
            methods=tuple(each["methods"]),
            places=(0,),
        )
        for each in endpoints_of(app)
    ]
    return Entry(places=(Place(prefix=f"/{name}"),), rules=tuple(rules), known=True)


def _call(name: str, app: Flask) -> Any:
    def call(
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes | None,
    ) -> LocalAnswer:
        environ = EnvironBuilder(
            target, method=method, headers=[*headers]
        ).get_environ()
        environ["SCRIPT_NAME"] = f"/{name}"
        response = Context().run(_answered, name, app, environ)
        return LocalAnswer(
            response.status_code,
            [*response.headers],
            iter(response.response),
            response.close,
        )

    return call


def _answered(name: str, app: Flask, environ: dict[str, Any]) -> Response:
    current.service.set(name)
    current.incoming.set(read_request(environ, name))
    return Response.from_app(app.wsgi_app, environ, buffered=True)
