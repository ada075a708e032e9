"""Where a fragment is: `SERVICE.ENDPOINT` and values become a path and a query."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException

from glassware.directory import Book, book_of
from glassware.errors import UnknownService
from glassware.website import here
from glassware.website.links.addresses import informants


if TYPE_CHECKING:
    from flask import Flask


class Target(NamedTuple):
    """Where a fragment is.

    Attributes:
        service: Whose it is; empty: that of a service that runs alone.
        endpoint: Its route.
        path: Path and query, as the service itself has them.
        own: Whether it is one of the service that asks.
    """

    service: str
    endpoint: str
    path: str
    own: bool


def find_target(app: "Flask | None", name: str, values: Mapping[str, Any]) -> Target:
    """Return where a fragment is.

    Args:
        app: The application that asks, whose own endpoints win; `None`: it is none
            of Flask's.
        name: `SERVICE.ENDPOINT`.
        values: For the rule; the others are the query.

    Raises:
        GlasswareError: Nobody knows it, or it is not to be had with these values.
        BuildError: The same of an own one.
    """
    own = here.own_name()
    service, _, endpoint = name.partition(".")
    if app is not None:
        if name in app.view_functions:
            return _own(app, own, name, values)
        if service == own and endpoint in app.view_functions:
            return _own(app, own, endpoint, values)
    book = _book(service)
    for pattern in book.patterns(service, endpoint):
        if pattern.readable and pattern.takes("GET") and pattern.fits(values):
            if name_of_value := pattern.leaves(values):
                raise _another(name, f"{name_of_value}={values[name_of_value]!r}")
            path = "/" + pattern.path(values).lstrip("/")
            return Target(service, endpoint, path, own=bool(own) and service == own)
    raise _unknown(name, values)


def _book(service: str) -> Book:
    book = book_of(here.directory())
    entry = book.entry(service)
    if informants and entry is not None and not entry.known:
        for inform in informants:
            inform(service)
        book = book_of(here.directory())
    return book


def _own(app: "Flask", own: str, endpoint: str, values: Mapping[str, Any]) -> Target:
    given = {key: value for key, value in values.items() if value is not None}
    app.inject_url_defaults(endpoint, given)
    adapter = app.url_map.bind("")
    # Of a rule with a host of its own, all before the path is left out.
    path = adapter.build(endpoint, given, method="GET", force_external=True)
    path = "/" + path.partition("//")[2].partition("/")[2]
    with suppress(HTTPException):
        # What finds no rule at all is told by its answer.
        if adapter.match(unquote(path.partition("?")[0]), "GET")[0] != endpoint:
            raise _another(endpoint, path)
    return Target(own, endpoint, path, True)


def _another(name: str, given: str) -> UnknownService:
    return UnknownService(
        f"`{name}` was not asked for: with `{given}` it would be another route",
        hint="a value that is one segment of a path has no `/` in it; "
        "`<path:NAME>` takes several",
    )


def _unknown(name: str, values: Mapping[str, Any]) -> UnknownService:
    book = book_of(here.directory())
    service, _, endpoint = name.partition(".")
    entry = book.entry(service)
    if not endpoint:
        return UnknownService(
            f"`{name}` is no fragment: the application has no such endpoint",
            hint="one of a neighbour is named `SERVICE.ENDPOINT`",
        )
    if entry is None:
        known = ", ".join(f"`{each}`" for each in sorted(book.directory.services))
        return UnknownService(
            f"`{name}` is no fragment: no service of this site is named like that",
            hint=f"it is named `SERVICE.ENDPOINT`, and there is {known}"
            if known
            else "it is named `SERVICE.ENDPOINT`; `glassware up` knows all of them",
        )
    if not entry.known:
        return UnknownService(
            f"nobody knows yet where `{name}` is",
            hint=f"`{service}` has not been ready since the site was made",
        )
    if found := book.patterns(service, endpoint):
        needs = ", ".join(f"`{each}`" for each in found[0].arguments) or "none"
        given = ", ".join(f"`{each}`" for each in values) or "none"
        return UnknownService(
            f"`{name}` cannot be asked for with `GET` and these values",
            hint=f"its rule `{found[0].rule.rule}` needs {needs}; given were {given}",
        )
    return UnknownService(
        f"`{service}` has no endpoint `{endpoint}`",
        hint=f"`glassware routes {service}` shows those that it has",
    )
