"""Which code runs while a service starts, and which only later."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .sources import Source


_FACTORIES = frozenset({"create_app", "make_app"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Place:
    """One node of a service's code.

    Attributes:
        source: The file.
        node: The node.
        late: Whether it runs after the start, as what a view does.
    """

    source: Source
    node: ast.AST
    late: bool


def places(sources: Iterable[Source]) -> Iterator[Place]:
    """Return every node, and whether it runs while the service starts.

    What runs then is the top level of each file, the application's factory,
    and the functions that these call by name.
    """
    sources = tuple(sources)
    early: set[str] = set()
    while True:
        called = {
            name
            for place in _places(sources, early)
            if not place.late and isinstance(place.node, ast.Call)
            for name in _names(place.source, place.node.func)
        }
        if called <= early:
            break
        early |= called
    yield from _places(sources, early)


def _names(source: Source, function: ast.expr) -> Iterator[str]:
    name = source.dotted(function)
    whole = name if name in source.names.values() or "." in name else ""
    whole = whole or f"{source.module}.{name}"
    # A class that is called runs its constructor.
    yield from (whole, f"{whole}.__init__")


def _places(sources: Iterable[Source], early: set[str]) -> Iterator[Place]:
    for source in sources:
        waiting: list[tuple[ast.AST, str, bool]] = [(source.tree, source.module, False)]
        while waiting:
            node, name, late = waiting.pop()
            yield Place(source, node, late)
            below = [*_below(node, name, early, late=late)]
            waiting += reversed(below)


def _below(
    node: ast.AST, name: str, early: set[str], *, late: bool
) -> Iterator[tuple[ast.AST, str, bool]]:
    """Return what a node holds, with its dotted place and whether it runs late."""
    inside = late
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        name = f"{name}.{node.name}"
    if isinstance(node, _FUNCTIONS):
        inside = late or not _is_early(name, early)
    for key, value in ast.iter_fields(node):
        # Decorators and defaults run where the function is defined.
        is_body = key == "body" or not isinstance(node, _FUNCTIONS)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, name, inside if is_body else late


def _is_early(name: str, early: set[str]) -> bool:
    return name in early or name.rpartition(".")[2] in _FACTORIES
