"""Find the application of a service by the conventions of its framework."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from glassware.environment import spelled


_NAMES = frozenset({"app", "application", "create_app", "make_app"})
_CLASSES = ("Flask", "Quart", "Starlette", "FastAPI")
_FILES = ("app.py", "wsgi.py", "asgi.py")
_NO_SERVICE = frozenset({"tests", "test", "migrations", "docs", "instance", "scripts"})


def find_app(folder: Path, name: str) -> str | None:
    """Return the application of a service as its worker understands it.

    Args:
        folder: The service's.
        name: The service's.

    Returns:
        `app.py` or `src/app.py`: a file, from the folder. `module` or
        `module:name`: importable from the folder or from its `src`. `None`:
        there is no application at a usual place.
    """
    try:
        return next(_candidates(folder, name), None)
    except OSError:
        return None


def find_requirements(folder: Path) -> Path | None:
    """Return the file that says what a service needs installed, if it has one."""
    requirements, project = folder / "requirements.txt", folder / "pyproject.toml"
    if requirements.is_file():
        return requirements
    try:
        table = tomllib.loads(project.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    # Without these it only configures tools.
    return project if "project" in table or "poetry" in table.get("tool", {}) else None


def _candidates(folder: Path, name: str) -> Iterator[str]:
    yield from _django(folder)
    for root in (folder, folder / "src"):
        prefix = "src/" if root != folder else ""
        for file in _FILES:
            if (root / file).is_file():
                yield prefix + file
        for file in (f"{spelled(name)}.py", "main.py"):
            if defines_app(root / file):
                yield prefix + file
        yield from _package(root, spelled(name))


def _django(folder: Path) -> Iterator[str]:
    for root in (folder, folder / "src"):
        if (root / "manage.py").is_file():
            found = sorted(path.parent.name for path in root.glob("*/wsgi.py"))
            if len(found) == 1:
                yield f"{found[0]}.wsgi:application"


def _package(root: Path, name: str) -> Iterator[str]:
    if (root / name / "__init__.py").is_file():
        yield _module(root / name) or name
    packages = [
        path.parent
        for path in sorted(root.glob("*/__init__.py"))
        if path.parent.name not in _NO_SERVICE
    ]
    if len(packages) == 1 and (module := _module(packages[0])):
        yield module


def _module(package: Path) -> str | None:
    if defines_app(package / "__init__.py"):
        return package.name
    for file in (*_FILES, "main.py"):
        if defines_app(package / file):
            return f"{package.name}.{Path(file).stem}"
    return None


def defines_app(file: Path) -> bool:
    """Whether a file defines or imports an application, or does not parse."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, RecursionError, MemoryError):
        return False
    except (SyntaxError, ValueError):
        return True
    return any(_is_app(node) for node in _top_level(tree))


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _is_app(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name in _NAMES
        case ast.ImportFrom(names=names):
            return any((alias.asname or alias.name) in _NAMES for alias in names)
        case ast.Assign(targets=targets, value=value):
            return _makes_app(value) or any(_binds(target) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            return _makes_app(value) or _binds(target)
        case _:
            return False


def _binds(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return any(_binds(element) for element in target.elts)
    return isinstance(target, ast.Name) and target.id in _NAMES


def _makes_app(value: ast.expr | None) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name.endswith(_CLASSES)
        case _:
            return False
