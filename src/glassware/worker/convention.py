"""Where a folder's application is, when its manifest does not say."""

import re
from collections.abc import Iterator
from pathlib import Path

from glassware.errors import AppNotLoaded


FILES = ("app.py", "wsgi.py")
LATER_FILES = ("asgi.py", "main.py")

_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")


def conventional_app(folder: Path, service: str) -> str:
    """Return the `app` that a service has without saying so.

    Raises:
        AppNotLoaded: Nothing in `folder` looks like an application.
    """
    found = next(_candidates(folder, module_name(service)), None)
    if found is None:
        raise AppNotLoaded(
            f"no application was found in `{folder}`",
            hint=f"it would be `app.py`, `wsgi.py`, a package "
            f"`{module_name(service)}/` or `src/{module_name(service)}/`, `asgi.py`, "
            "`main.py` or `manage.py`; or write `app` into `service.toml`",
        )
    return found


def module_name(service: str) -> str:
    """Return the name of a service as a Python module."""
    return service.replace("-", "_")


def _candidates(folder: Path, name: str) -> Iterator[str]:
    yield from (file for file in FILES if (folder / file).is_file())
    for place in (folder, folder / "src"):
        if (place / name / "__init__.py").is_file():
            yield name
    if (folder / f"{name}.py").is_file():
        yield f"{name}.py"
    packages = [init.parent.name for init in folder.glob("src/*/__init__.py")]
    if len(packages) == 1:
        yield packages[0]
    yield from (file for file in LATER_FILES if (folder / file).is_file())
    yield from _django(folder)


def _django(folder: Path) -> Iterator[str]:
    manage = folder / "manage.py"
    if not manage.is_file():
        return
    match = _SETTINGS.search(manage.read_text(encoding="utf-8", errors="replace"))
    if match is None:
        return
    package = match[1].split(".", 1)[0]
    if (folder / package / "wsgi.py").is_file():
        yield f"{package}.wsgi"
