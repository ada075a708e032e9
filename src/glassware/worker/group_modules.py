"""Modules of several services in one process: each service sees its own alone.

A process has one `sys.modules`, so a top-level name can mean one file only.
Where two members have a module of one name, the one that imports it second
would silently get the first one's. So the first import of such a name fails,
and says which two files they are.

What is looked for is looked for where the service itself would find it: in its
own folders and among the installed packages, never in another member's folder.
Code that is nobody's (a thread of its own) finds what any of them has.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from glassware import current
from glassware.errors import AppNotLoaded

from .convention import module_name


class Modules:
    """The finder of top-level modules, in the place of Python's own.

    Args:
        folders: Where each member looks besides the installed packages.
    """

    invalidate_caches = staticmethod(PathFinder.invalidate_caches)
    find_distributions = staticmethod(PathFinder.find_distributions)

    def __init__(self, folders: Mapping[str, Sequence[str]]) -> None:
        self._folders = {name: list(own) for name, own in folders.items()}
        self._entry = ""
        self._base = frozenset(sys.path)
        self._before = frozenset(sys.modules)

    def install(self) -> None:
        """Find modules from now on."""
        # Where Python's own stands, so that all others keep their rank.
        where = sys.meta_path.index(PathFinder)
        sys.meta_path[where] = self

    @contextmanager
    def loading(self, member: str, entry: Path | None) -> Iterator[None]:
        """Let a member be loaded within this context.

        Args:
            member: Its name.
            entry: The file that is loaded under its name, if it is one: its
                neighbours in the folder may import it by the file's name too.

        Raises:
            AppNotLoaded: A module of its own would be another member's.
        """
        self._check_taken(member)
        if entry is not None:
            self._check_name(module_name(member), member)
        self._entry = str(entry or "")
        try:
            yield
        finally:
            self._entry = ""
        self._add(member)
        if entry is not None and any(
            PathFinder.find_spec(entry.stem, self._folders[other])
            for other in self._others(member)
        ):
            self._forget(entry)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return where a module is; see `importlib.abc.MetaPathFinder`.

        Raises:
            AppNotLoaded: Another member has a different one of that name.
        """
        if path is not None:
            return PathFinder.find_spec(name, path, target)
        owner = current.service.get()
        found = PathFinder.find_spec(name, self._seen_by(owner), target)
        if found is not None:
            self._check(name, owner, found)
        return found

    def _add(self, member: str) -> None:
        # What its code has put into `sys.path` is for its own imports, also when
        # the process works in another folder.
        sys.path[:] = [
            e if e in self._base else str(Path(e).absolute()) for e in sys.path
        ]
        known = self._folders[member]
        known.extend(e for e in sys.path if e not in self._base and e not in known)

    def _forget(self, entry: Path) -> None:
        alias = sys.modules.get(entry.stem)
        if alias is not None and alias.__name__ != entry.stem:
            del sys.modules[entry.stem]

    def _check_taken(self, member: str) -> None:
        folders = self._folders[member]
        for name in _names(folders):
            taken = sys.modules.get(name)
            # What was here before all members would be theirs anywhere.
            if taken is None or name in self._before:
                continue
            own = PathFinder.find_spec(name, folders)
            if own is not None and _differ(taken.__spec__, own):
                raise _collision(name, _place(taken.__spec__), _place(own))

    def _check_name(self, name: str, member: str) -> None:
        for other in self._others(member):
            own = PathFinder.find_spec(name, self._folders[other])
            if own is not None and _has_code(own):
                raise _collision(name, f"the service `{member}`", _place(own))

    def _seen_by(self, owner: str) -> list[str]:
        mine = self._folders.get(owner)
        if mine is None:
            return sys.path
        others = {f for other in self._others(owner) for f in self._folders[other]}
        return [entry for entry in sys.path if entry in mine or entry not in others]

    def _check(self, name: str, owner: str, found: ModuleSpec) -> None:
        if found.origin == self._entry:
            return
        for other in self._others(owner):
            second = PathFinder.find_spec(name, self._folders[other])
            if second is not None and _differ(found, second):
                raise _collision(name, _place(found), _place(second))

    def _others(self, owner: str) -> Iterator[str]:
        return (name for name in self._folders if name != owner)


def _names(folders: Sequence[str]) -> Iterator[str]:
    for folder in folders:
        for entry in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if entry.suffix == ".py" or entry.is_dir():
                yield entry.stem


def _differ(one: ModuleSpec | None, other: ModuleSpec) -> bool:
    """Return whether two modules of one name are not one and the same."""
    if one is None:
        return _has_code(other)
    if one.origin is not None and other.origin is not None:
        return one.origin != other.origin
    if one.origin is None and other.origin is None:
        # Folders without `__init__.py` are one package, of the parts of each.
        return any(_overlap(a, b) for a in _parts(one) for b in _parts(other))
    return _has_code(one) and _has_code(other)


def _has_code(spec: ModuleSpec) -> bool:
    return spec.origin is not None or any(map(_any_code, _parts(spec)))


def _any_code(folder: Path) -> bool:
    """Return whether a folder is more than one of templates or static files."""
    return any(next(folder.glob(p), None) for p in ("*.py", "*/__init__.py"))


def _overlap(one: Path, other: Path) -> bool:
    if one == other:
        return False
    files = {file.name for file in one.glob("*.py")}
    if any((other / name).exists() for name in files):
        return True
    folders = (f for f in one.iterdir() if f.is_dir() and (other / f.name).is_dir())
    return any(_overlap(folder, other / folder.name) for folder in folders)


def _parts(spec: ModuleSpec) -> list[Path]:
    return [Path(folder) for folder in spec.submodule_search_locations or ()]


def _place(spec: ModuleSpec | None) -> str:
    if spec is None:
        return "a part of this process"
    return f"`{spec.origin or _parts(spec)[0]}`"


def _collision(name: str, first: str, second: str) -> AppNotLoaded:
    return AppNotLoaded(
        f"the module `{name}` would be {first} and {second} in one process",
        hint="put the modules of each service into a package of its own, or take one "
        "of the two out of the group",
    )
