"""The calls that a service's code makes, found without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glassware.environment import spelled
from glassware.model import Service, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A place in a service's code that calls a neighbour by name."""

    caller: str
    callee: str
    file: Path
    line: int


def undeclared_calls(site: Site) -> Iterator[Call]:
    """Return the calls of `services.NAME` that no manifest declares."""
    names = {spelled(service.name): service.name for service in site.services}
    for service in site.services:
        declared = {spelled(name) for name in service.calls}
        for file in sorted(service.folder.rglob("*.py")):
            if {"tests", ".venv"}.isdisjoint(file.relative_to(service.folder).parts):
                for name, line in _called(file):
                    if name in names and name not in declared:
                        yield _call(service, names[name], file, line)


def _call(service: Service, callee: str, file: Path, line: int) -> Call:
    return Call(caller=service.name, callee=callee, file=file, line=line)


def _called(file: Path) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    if not any(_is_import(node) for node in ast.walk(tree)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_services(node.value):
            yield spelled(node.attr), node.lineno
        elif (
            isinstance(node, ast.Subscript)
            and _is_services(node.value)
            and isinstance(node.slice, ast.Constant)
        ):
            yield spelled(str(node.slice.value)), node.lineno


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "glassware"


def _is_services(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "services"
