"""Make the files of a new site or service; whoever asks for them writes them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from keyword import iskeyword
from pathlib import PurePosixPath

import msgspec

from glassware.environment import spelled
from glassware.errors import UsageError
from glassware.files import File
from glassware.model import ENGINES, Name

from .templates import filled


FIRST = "home"
"""The service that a new site begins with."""

# A package of one of these names would hide what the service itself imports.
_TAKEN = frozenset(
    {
        *("app", "click", "flask", "glassware", "jinja2", "werkzeug"),
        *("boto3", "cassandra", "psycopg", "pymongo", "redis"),
    }
)
# What the test of each kind of view calls the thing that stands in.
_STAND_INS = {
    "postgresql": "pool",
    "redis": "redis",
    "mongodb": "database",
    "cassandra": "session",
    "dynamodb": "resource",
    "sqlite": "memory",
}
_IMPORTS = {
    "postgresql": ("import sqlite3", "from contextlib import closing"),
    "redis": ("from collections import Counter",),
    "mongodb": ("from collections import Counter",),
    "sqlite": ("import sqlite3", "from contextlib import closing"),
}


def new_site(name: str) -> Iterator[File]:
    """Return the files of a new site, with one service at its first page.

    Args:
        name: The site's.

    Raises:
        UsageError: The name cannot be a site's.
    """
    _check_name(name, "site")
    yield File(PurePosixPath("site.toml"), filled("site/site.toml", name=name))
    yield File(PurePosixPath(".gitignore"), filled("site/gitignore"))
    yield from new_service(FIRST, route="/")


def new_service(
    name: str,
    databases: Mapping[str, str] | None = None,
    calls: Sequence[str] = (),
    *,
    route: str | None = None,
) -> Iterator[File]:
    """Return the files of a new service, from the site's folder.

    Args:
        name: The service's.
        databases: Engines by the names of the databases.
        calls: The neighbours that it may call.
        route: Its public path; `None`: below its name.

    Raises:
        UsageError: A name or an engine is not possible.
    """
    _check_name(name, "service")
    databases = databases or {}
    for database, engine in databases.items():
        _check_name(database, "database")
        if engine not in ENGINES:
            known = ", ".join(f"`{one}`" for one in ENGINES)
            raise UsageError(
                f"`{engine}` is no known engine", hint=f"there are {known}"
            )
    for callee in calls:
        _check_name(callee, "service")
    return _service(name, databases, calls, route or f"/{name}")


def new_layout(name: str) -> Iterator[File]:
    """Return the files of a site's look: a page to build upon, and one for errors.

    Args:
        name: The site's.
    """
    title = name.replace("-", " ").replace("_", " ").capitalize()
    folder = PurePosixPath("layout")
    for place in ("base.html", "error.html"):
        text = filled(f"layout/{place}", title=title)
        yield File(folder / "templates" / place, text)
    for place in ("app.css", "favicon.svg"):
        yield File(folder / "static" / place, filled(f"layout/{place}"))


def package_of(name: str) -> str:
    """Return the name of the package that holds a service."""
    package = spelled(name)
    hidden = package in sys.stdlib_module_names or package in _TAKEN
    return f"{package}_service" if hidden or iskeyword(package) else package


def _service(
    name: str, databases: Mapping[str, str], calls: Sequence[str], route: str
) -> Iterator[File]:
    package = package_of(name)
    folder = PurePosixPath("services", name)
    texts = {
        "service.toml": _manifest(databases, calls, route),
        ".gitignore": filled("service/gitignore"),
        "conftest.py": filled("service/conftest"),
        f"{package}/__init__.py": filled("service/init", name=name),
        f"{package}/app.py": _app(name, databases, calls),
        f"tests/test_{package}.py": _tests(name, package, databases, calls),
    }
    for path, text in texts.items():
        yield File(folder / path, text)


def _manifest(databases: Mapping[str, str], calls: Sequence[str], route: str) -> str:
    called = ", ".join(f'"{callee}"' for callee in calls)
    tables = [f'{name} = "{engine}"\n' for name, engine in databases.items()]
    return filled(
        "service/service.toml",
        route=f'route = "{route}"',
        calls=f"calls = [{called}]\n" if calls else "",
        databases="\n[databases]\n" + "".join(tables) if tables else "",
    )


def _app(name: str, databases: Mapping[str, str], calls: Sequence[str]) -> str:
    imported = ["databases"] * bool(databases) + ["services"] * bool(calls)
    line = f"\nfrom glassware import {', '.join(imported)}\n" if imported else ""
    return filled("service/app", name=name, glassware=line) + _parts(
        "views", databases, calls
    )


def _tests(
    name: str, package: str, databases: Mapping[str, str], calls: Sequence[str]
) -> str:
    wanted = [line for e in databases.values() for line in _IMPORTS.get(e, ())]
    lines = list(dict.fromkeys(wanted))
    if databases:
        lines.append("from types import SimpleNamespace")
    lines.sort(key=lambda line: (line.startswith("from"), line))
    return filled(
        "service/test",
        name=name,
        standard="".join(f"{line}\n" for line in lines) + "\n" * bool(lines),
        imported=f"\nfrom {package} import app\n" if databases else "",
    ) + _parts("tests", databases, calls)


def _parts(kind: str, databases: Mapping[str, str], calls: Sequence[str]) -> str:
    wanted = [*databases.items(), *((callee, "neighbour") for callee in calls)]
    return "".join(
        filled(
            f"{kind}/{template}",
            path=name,
            spelled=spelled(name),
            access=_access(spelled(name)),
            stand_in=_stand_in(spelled(name), _STAND_INS.get(template, "")),
        )
        for name, template in wanted
    )


def _access(name: str) -> str:
    return f'["{name}"]' if iskeyword(name) else f".{name}"


def _stand_in(name: str, value: str) -> str:
    if iskeyword(name):
        return f'{{"{name}": {value}}}'
    return f"SimpleNamespace({name}={value})"


def _check_name(name: str, kind: str) -> None:
    with suppress(msgspec.ValidationError):
        msgspec.convert(name, Name)
        if not name.endswith("\n"):  # which a pattern's `$` lets pass
            return
    raise UsageError(
        f"`{name}` cannot be the name of a {kind}",
        hint="write lower-case letters, digits and single `-` or `_`, at most 40",
    )
