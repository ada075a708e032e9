"""What an application answers to, and which files it is made of."""

import importlib
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any


# What `flask run` has imported before it looks for the application.
_FLASKS = frozenset(
    (
        *("flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click"),
        *("blinker", "glassware"),
    )
)

_PORT = re.compile(r":[0-9]+$")

HIDDEN_METHODS = frozenset({"HEAD", "OPTIONS"})

Described = dict[str, Any]


def endpoints_of(application: Any) -> list[Described]:
    """Return the URL rules of an application, as far as its framework tells.

    Flask and Quart have a `url_map`, Starlette and FastAPI have `routes`,
    Django has its resolver; of any other application nothing is known.
    """
    if hasattr(application, "url_map") and hasattr(application, "view_functions"):
        return list(_of_flask(application))
    if isinstance(getattr(application, "routes", None), list):
        return list(_of_starlette(application.routes, ""))
    if "django.core.handlers.base" in sys.modules and hasattr(
        application, "resolve_request"
    ):
        return list(_of_django())
    return []


def files_of_modules() -> list[str]:
    """Return the imported files that a person may edit.

    What is installed (the standard library, `site-packages`) and glassware
    itself are left out; a package installed to be edited is in.
    """
    installed = _installed()
    files = (getattr(module, "__file__", None) for module in own_modules().values())
    return sorted(
        {
            file
            for file in files
            if file and file.endswith(".py") and not file.startswith(installed)
        }
    )


def share_modules() -> None:
    """Remember that all modules so far are installed ones, which workers share."""
    _last_shared.append(next(reversed(sys.modules)))


_last_shared: list[str] = []


def own_modules() -> dict[str, ModuleType]:
    """Return the modules that this process imported after `share_modules`."""
    # From the newest back to the last shared one: to look at a shared module is
    # to write its reference count, and then its memory is shared no more.
    last = _last_shared[-1] if _last_shared else None
    names = list(takewhile(lambda name: name != last, reversed(sys.modules)))
    return {name: sys.modules[name] for name in names}


def give_way(folders: Iterable[Path]) -> None:
    """Forget shared modules where the service has a module of that name itself.

    They were imported for others, or for the worker. Run alone, the service would
    find its own.

    Args:
        folders: Where its modules are.
    """
    own = {name for folder in folders for name in _importable(folder)}
    own -= _FLASKS | sys.stdlib_module_names
    before = list(sys.modules)
    for name in before:
        if name.partition(".")[0] in own:
            del sys.modules[name]
    if _last_shared and _last_shared[-1] not in sys.modules:
        older = before[: before.index(_last_shared[-1])]
        _last_shared[-1] = next(n for n in reversed(older) if n in sys.modules)


def _importable(folder: Path) -> Iterator[str]:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.suffix == ".py" or (entry / "__init__.py").is_file():
            yield entry.stem


def is_installed(file: str) -> bool:
    """Return whether `file` belongs to an installation and is not edited."""
    return file.startswith(_installed())


@cache
def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {str(Path(__file__).parent.parent), "/usr/lib/python3"}
    folders |= {str(Path(folder).resolve()) for folder in folders}
    return tuple(f"{folder}/" for folder in folders)


def _of_flask(application: Any) -> Iterator[Described]:
    # Another address of the same page is never the one to link to.
    rules = sorted(application.url_map.iter_rules(), key=lambda rule: rule.alias)
    for rule in rules:
        view = application.view_functions.get(rule.endpoint)
        more = {
            "defaults": _plain(rule.defaults),
            "host": _host(application, rule),
            "websocket": rule.websocket,
        }
        described = _described(rule.endpoint, rule.rule, rule.methods, view)
        yield described | {key: value for key, value in more.items() if value}


def _host(application: Any, rule: Any) -> str:
    """Return the host names that a rule is for, without a port, as a rule too."""
    if application.url_map.host_matching:
        return _PORT.sub("", rule.host or "")
    domain = str(application.config.get("SERVER_NAME") or "").partition(":")[0]
    return f"{rule.subdomain}.{domain}" if rule.subdomain and domain else ""


def _plain(defaults: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the defaults of a rule that can be told to others."""
    kinds = (str, int, float, bool, type(None))
    return {k: v for k, v in (defaults or {}).items() if isinstance(v, kinds)}


def _of_starlette(routes: Iterable[Any], prefix: str) -> Iterator[Described]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if getattr(route, "routes", None):
            yield from _of_starlette(route.routes, path)
        elif hasattr(route, "endpoint"):
            name = getattr(route, "name", None) or path
            methods = getattr(route, "methods", None) or ("GET",)
            yield _described(name, path, methods, route.endpoint)
        elif getattr(route, "name", None) and hasattr(route, "app"):
            # Whatever is mounted there, such as static files, has paths of its own.
            yield _described(route.name, f"{path}/{{path:path}}", ("GET",), None)


def _of_django() -> Iterator[Described]:
    urls: Any = importlib.import_module("django.urls")
    yield from _of_resolver(urls.get_resolver(), "/", "")


def _of_resolver(resolver: Any, prefix: str, namespace: str) -> Iterator[Described]:
    for pattern in resolver.url_patterns:
        rule = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if hasattr(pattern, "url_patterns"):
            inner = getattr(pattern, "namespace", None)
            space = f"{namespace}{inner}:" if inner else namespace
            yield from _of_resolver(pattern, rule, space)
        else:
            name = pattern.name or getattr(pattern.callback, "__name__", "view")
            yield _described(f"{namespace}{name}", rule, (), pattern.callback)


def _described(
    name: str, rule: str, methods: Iterable[str] | None, view: Any
) -> Described:
    file, line = _place(view) if view is not None else (None, None)
    return {
        "name": name,
        "rule": rule,
        "methods": sorted(set(methods or ()) - HIDDEN_METHODS),
        "file": file,
        "line": line,
    }


def _place(view: Callable[..., Any]) -> tuple[str | None, int | None]:
    view = getattr(view, "view_class", view)
    view = inspect.unwrap(view)
    view = getattr(view, "func", view)  # functools.partial
    with suppress(TypeError, OSError, AttributeError):
        file = inspect.getsourcefile(view)
        if inspect.isclass(view):
            return file, inspect.getsourcelines(view)[1]
        return file, view.__code__.co_firstlineno
    return None, None
