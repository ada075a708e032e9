"""Calls in a service's code that its manifest does not declare."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glassware.environment import spelled
from glassware.model import Service, Site

from .files import files_of, is_code
from .references import references


@dataclass(frozen=True, slots=True)
class UndeclaredCall:
    """One place where a service calls a neighbour without having said so.

    Attributes:
        caller: The service.
        callee: The neighbour, as the code writes it.
        file: The file of the call.
        line: Its line, counted from 1.
    """

    caller: str
    callee: str
    file: Path
    line: int


def undeclared_calls(site: Site) -> Iterator[UndeclaredCall]:
    """Return the calls whose callee is not in the service's `calls`.

    A call is `services.NAME`, or a fragment of a neighbour in a template or in code.
    Only what is spelled out is found: a name that is made at run time is refused
    when it is called.
    """
    for service in site.services:
        declared = {spelled(name) for name in service.calls}
        for name, file, line in (*_calls(service), *_fragments(service, site)):
            if spelled(name) not in declared:
                yield UndeclaredCall(service.name, name, file, line)


def _calls(service: Service) -> Iterator[tuple[str, Path, int]]:
    for file in filter(is_code, files_of(service.folder)):
        yield from ((name, file, line) for name, line in _called(file))


def _fragments(service: Service, site: Site) -> Iterator[tuple[str, Path, int]]:
    others = {each.name for each in site.services} - {service.name}
    for found in references(service):
        callee = found.named.name.partition(".")[0]
        if found.named.kind == "fragment" and callee in others:
            yield callee, found.file, found.named.line


def _called(file: Path) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    nodes = [*ast.walk(tree)]
    aliases = {name for node in nodes for name in _imported(node)}
    for node in nodes:
        match node:
            case ast.Attribute(value=value, attr=name) if _is(value, aliases):
                if not name.startswith("_"):
                    yield name, node.lineno
            case ast.Subscript(
                value=value, slice=ast.Constant(value=str() as name)
            ) if _is(value, aliases):
                yield name, node.lineno
            case _:
                pass


def _is(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}" in names
        case _:
            return False


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module="glassware", level=0, names=names):
            for alias in names:
                if alias.name == "services":
                    yield alias.asname or alias.name
        case ast.Import(names=names):
            for alias in names:
                if alias.name == "glassware":
                    yield f"{alias.asname or alias.name}.services"
        case _:
            pass
