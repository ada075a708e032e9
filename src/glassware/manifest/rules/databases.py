"""Rules about databases that exist and are used as they are."""

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath

from glassware.clients import NAMES, find, plain_url
from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.places import KeyPath
from glassware.manifest.variables import dotenv_variables


_URL = re.compile(r"[a-z][a-z0-9+.-]*:/\S+")
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


def database_urls(draft: Draft) -> Iterator[Fault]:
    """A database that exists is given by a URL, or by the variable that holds one."""
    variables = _variables(draft)
    for path, _, url in _given(draft):
        variable = url.removeprefix("env:")
        if variable == url:
            if not _URL.fullmatch(url):
                yield draft.fault(
                    path,
                    "is no URL",
                    "write `ENGINE://USER:PASSWORD@HOST:PORT/NAME`, or `env:NAME`",
                )
        elif not _VARIABLE.fullmatch(url):
            yield draft.fault(path, f"`{url}` names no variable", "write `env:NAME`")
        elif (
            draft.production
            and draft.environment is not None
            and not variables.get(variable)
        ):
            yield draft.fault(
                path,
                f"the variable `{variable}` is not set",
                f"set `{variable}` to the URL of the database",
            )


def one_service_each(draft: Draft) -> Iterator[Fault]:
    """A database belongs to one service, and is declared once."""
    variables = _variables(draft)
    owners: dict[str, str] = {}
    for path, engine, url in _given(draft):
        if url.startswith("dynamodb:///"):
            # A region of Amazon's, where each service has tables of its own.
            continue
        mine = f"{path[1]}.{path[3]}"
        place = _place(engine, variables.get(url.removeprefix("env:")) or url)
        owner = owners.setdefault(place, mine)
        if owner != mine:
            yield draft.fault(
                path,
                f"is the database of `{owner}`, and a database belongs to one service",
                "give this one another, or call the service "
                f"`{owner.partition('.')[0]}` for what is in it",
            )


def _given(draft: Draft) -> Iterator[tuple[KeyPath, str, str]]:
    for service in draft.site.services:
        for name, url in service.urls.items():
            path = ("services", service.name, "databases", name, "url")
            yield path, service.databases.get(name, ""), url


def _place(engine: str, url: str) -> str:
    """Return what of a URL says which database it is, whoever signs in there."""
    client = find(engine) if engine in NAMES and ":/" in url else None
    try:
        parts = client.access(plain_url(url)) if client else None
    except ValueError:
        # A stray bracket, for one; whoever opens it says so.
        parts = None
    if parts is None:
        return url
    at = parts["socket"] or f"{parts['host'].lower()}:{parts['port']}"
    return f"{engine} {at} {parts.get('region', '')} {normpath(parts['name'])}"


def _variables(draft: Draft) -> Mapping[str, str]:
    """Return the variables that may hold URLs; none where nobody looks."""
    if draft.environment is None:
        return {}
    return {**dotenv_variables(draft.folder), **draft.environment}


RULES = (database_urls, one_service_each)
