"""What a service's code and templates name of others: links, fragments."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from glassware.model import Service

from .files import files_of, is_code
from .templates import found_in_template


Kind = Literal["link", "fragment"]

NAMES: dict[str, Kind] = {"url_for": "link", "fragment": "fragment"}
"""The functions that are told `SERVICE.ENDPOINT`, and what each makes of it."""

_INTERESTING = re.compile(rb"\b(?:url_for|fragment)\b")


@dataclass(frozen=True, slots=True)
class Named:
    """One place in a file that names an endpoint.

    Attributes:
        kind: What for.
        name: As it is written there.
        line: Counted from 1.
        given: The names of the values; `None`: not all of them can be read.
    """

    kind: Kind
    name: str
    line: int
    given: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """One place where a service names an endpoint.

    Attributes:
        service: Whose code it is.
        file: The file.
        named: What stands there.
    """

    service: str
    file: Path
    named: Named


def references(service: Service) -> Iterator[Reference]:
    """Return all endpoints that a service's code and templates name.

    Only what is spelled out is found. A file is read again when it has changed.
    """
    for file in files_of(service.folder):
        try:
            found = os.stat(file)  # noqa: PTH116 - asked of every file, often
            named = _named(file, found.st_mtime_ns, found.st_size)
        except OSError:
            continue
        yield from (Reference(service.name, file, each) for each in named)


@lru_cache(20_000)
def _named(file: Path, *_version: int) -> tuple[Named, ...]:
    raw = file.read_bytes()
    if not _INTERESTING.search(raw):
        return ()
    if is_code(file):
        return tuple(_in_python(raw))
    found = found_in_template(raw.decode("utf-8", "replace"), frozenset(NAMES))
    return tuple(
        Named(NAMES[call.function], call.argument, call.line, _values(call.given))
        for call in found
    )


def _in_python(raw: bytes) -> Iterator[Named]:
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    nodes = [*ast.walk(tree)]
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    aliases = {
        alias.asname: alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    for node in nodes:
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str() as name), *_]):
                called = _called(function, aliases)
                if called in NAMES and called not in own:
                    given = frozenset(k.arg or "*" for k in node.keywords)
                    values = None if "*" in given else _values(given)
                    yield Named(NAMES[called], name, node.lineno, values)
            case _:
                pass


def _called(function: ast.expr, aliases: dict[str, str]) -> str:
    match function:
        case ast.Name(id=name):
            return aliases.get(name, name)
        # Starlette's are about the application alone.
        case ast.Attribute(value=ast.Name(id=of), attr=name) if of != "request":
            return name
        case _:
            return ""


def _values(given: frozenset[str] | None) -> frozenset[str] | None:
    if given is None:
        return None
    return frozenset(name for name in given if not name.startswith("_"))
