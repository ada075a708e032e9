"""What the zygote imports before it forks: what the services' own code imports."""

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from glassware.plan import Plan


ALWAYS = (
    "flask",
    "glassware.service.client",
    "glassware.service.edge",  # what the first call would load
    "glassware.service.gather",
    "pycurl",
)
NEVER = frozenset({"gevent", "eventlet", "grpc", "pytest", "uwsgi"})
MOST_FILES = 400


def preload(plan: Plan) -> tuple[str, ...]:
    """Return the installed packages that the forked services of `plan` import.

    Only packages of this interpreter's `site-packages` count: code that is
    being written must be read anew at each start.
    """
    folders = [
        service.service.folder
        for service in plan.services
        if service.launch == "fork" and service.interpreter is None
    ]
    found = {name for folder in folders for name in _imported(folder)}
    return tuple(dict.fromkeys((*ALWAYS, *sorted(found)))) if folders else ()


def _imported(folder: Path) -> Iterator[str]:
    for file in _sources(folder):
        with suppress(OSError, SyntaxError, ValueError):
            tree = ast.parse(file.read_bytes())
            yield from (name for name in _modules(tree) if _installed(name))


def _sources(folder: Path) -> Iterable[Path]:
    files = (
        path
        for path in folder.rglob("*.py")
        if not {"tests", "migrations", ".venv", "node_modules"}.intersection(path.parts)
    )
    return [path for _, path in zip(range(MOST_FILES), files, strict=False)]


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _installed(module: str) -> bool:
    package = module.partition(".")[0]
    if package in NEVER or package in sys.stdlib_module_names:
        return False
    with suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            roots = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
            return any(Path(spec.origin).is_relative_to(root) for root in roots)
    return False
