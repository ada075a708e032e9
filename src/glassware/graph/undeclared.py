"""Calls in a service's code that its manifest does not declare."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glassware.environment import spelled
from glassware.model import Service, Site


# Neither is code of the service that answers requests.
_ELSEWHERE = frozenset({"tests", "node_modules", "migrations"})


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
    """Return the calls `services.NAME` whose name is not in the service's `calls`.

    Only what the code spells out is found: a name that is made at run time is
    refused when it is called.
    """
    for service in site.services:
        declared = {spelled(name) for name in service.calls}
        for file in _files(service):
            for name, line in _called(file):
                if spelled(name) not in declared:
                    yield UndeclaredCall(service.name, name, file, line)


def _files(service: Service) -> Iterator[Path]:
    waiting = [service.folder]
    while waiting:
        try:
            entries = sorted(waiting.pop().iterdir())
        except OSError:
            continue
        for path in entries:
            if path.is_symlink() or path.name.startswith("."):
                continue
            if path.suffix == ".py" and path.is_file():
                yield path
            elif path.is_dir() and _is_code(path):
                waiting.append(path)


def _is_code(folder: Path) -> bool:
    return folder.name not in _ELSEWHERE and not (folder / "pyvenv.cfg").exists()


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
