"""The code of a service as far as its application imports it, unexecuted."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glassware.model import Service


_SUBMODULES = ("app", "wsgi", "asgi", "main")
_ELSEWHERE = frozenset({"tests", "node_modules", "migrations", "site-packages"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a service.

    Attributes:
        file: Where it is.
        module: Its dotted name.
        tree: What it says.
        names: What its top-level imports bind, as dotted names.
    """

    file: Path
    module: str
    tree: ast.Module = field(repr=False)
    names: Mapping[str, str] = field(repr=False)

    def dotted(self, node: ast.expr) -> str:
        """Return what an expression names, such as `os.environ`; empty: nothing."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                above = self.dotted(value)
                return above and f"{above}.{attribute}"
            case _:
                return ""


def sources(service: Service) -> tuple[Source, ...]:
    """Return the files that a service's application imports.

    What is imported by a name that is made at run time is not among them.
    """
    roots = roots_of(service)
    waiting = [*_entries(service, roots)]
    found: dict[Path, Source] = {}
    while waiting:
        module, file = waiting.pop(0)
        if file not in found and (source := _read(file, module)) is not None:
            found[file] = source
            for name in _imported(source):
                waiting += _files(name, roots)
    return tuple(found.values())


def imports(service: Service) -> frozenset[str]:
    """Return the top-level names that a service's application imports."""
    return frozenset(
        name.partition(".")[0]
        for source in sources(service)
        for node in ast.walk(source.tree)
        for name in _imported_by(node, source)
        if not (isinstance(node, ast.ImportFrom) and node.level)
    )


def roots_of(service: Service) -> tuple[Path, ...]:
    """Return the folders that a service's modules are looked for in."""
    return tuple(
        root for root in (service.folder, service.folder / "src") if root.is_dir()
    )


def entry_of(service: Service) -> Source | None:
    """Return the file that makes the application."""
    for module, file in _entries(service, roots_of(service)):
        return _read(file, module)
    return None


def entry_file(service: Service) -> Path | None:
    """Return the file of a service whose application is said to be in a file."""
    place = (service.app or "").partition(":")[0]
    return service.folder / place if place.endswith(".py") else None


def _entries(service: Service, roots: tuple[Path, ...]) -> list[tuple[str, Path]]:
    place = (service.app or "").partition(":")[0]
    if (service.folder / "manage.py").is_file():
        # Django imports most of a project by names that settings spell out.
        return [*_everything(service.folder)]
    if (file := entry_file(service)) is not None:
        return [(file.stem, file)]
    if not place:
        return []
    found = [*_files(place, roots)][::-1]
    if ":" not in (service.app or ""):
        for name in _SUBMODULES:
            found += [*_files(f"{place}.{name}", roots)][-1:]
    return [*dict.fromkeys(found)]


def _everything(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).with_suffix("").parts
        if not _ELSEWHERE.intersection(parts):
            yield ".".join(parts).removesuffix(".__init__"), file


def _files(module: str, roots: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Return the files that an import of `module` runs, packages first."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    for root in roots:
        for length in range(1, len(parts) + 1):
            path, name = root.joinpath(*parts[:length]), ".".join(parts[:length])
            for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
                if _is_file(file):
                    yield name, file
                    break


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # its name is too long
        return False


def _read(file: Path, module: str) -> Source | None:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = {k: v for node in ast.walk(tree) for k, v in _bound(node, file, module)}
    return Source(file, module, tree, names)


def _bound(node: ast.AST, file: Path, module: str) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or whole, whole
        case ast.ImportFrom(names=names):
            for alias in names:
                place = _absolute(node, file, module)
                yield alias.asname or alias.name, f"{place}.{alias.name}"
        case _:
            pass


def _imported(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        yield from _imported_by(node, source)


def _imported_by(node: ast.AST, source: Source) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(names=names):
            place = _absolute(node, source.file, source.module)
            yield from (f"{place}.{alias.name}" for alias in names)
        case _:
            pass


def _absolute(node: ast.ImportFrom, file: Path, module: str) -> str:
    """Return the module that is imported from, however many dots it has."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    above = node.level - (file.name == "__init__.py")
    return ".".join(filter(None, [*parts[: len(parts) - above], node.module]))
