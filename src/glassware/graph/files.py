"""The files of a service that say what it needs: its code and its templates."""

from collections.abc import Iterator
from pathlib import Path


# Neither is code of the service that answers requests.
_ELSEWHERE = frozenset({"tests", "node_modules", "migrations"})

_TEMPLATES = frozenset({".j2", ".jinja", ".jinja2"})
_TEXT = frozenset({".css", ".htm", ".html", ".js", ".svg", ".txt", ".xhtml", ".xml"})


def is_code(path: Path) -> bool:
    """Tell whether a file is Python."""
    return path.suffix == ".py"


def is_template(path: Path) -> bool:
    """Tell whether a file may be a template of Jinja, by its name and folder."""
    return path.suffix in _TEMPLATES or (
        path.suffix in _TEXT and "templates" in path.parts
    )


def files_of(folder: Path) -> Iterator[Path]:
    """Return the code and the templates of a service, each folder in turn."""
    waiting = [folder]
    while waiting:
        try:
            entries = sorted(waiting.pop().iterdir())
        except OSError:
            continue
        for path in entries:
            if path.is_symlink() or path.name.startswith("."):
                continue
            if (is_code(path) or is_template(path)) and path.is_file():
                yield path
            elif path.is_dir() and _is_own(path):
                waiting.append(path)


def _is_own(folder: Path) -> bool:
    return folder.name not in _ELSEWHERE and not (folder / "pyvenv.cfg").exists()
