"""Which object of a module is its application, found as Flask finds it."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import reduce
from types import ModuleType
from typing import Any, Literal, cast

from glassware.errors import AppNotLoaded


Interface = Literal["wsgi", "asgi"]
Application = Callable[..., Any]

NAMES = ("app", "application")
FACTORIES = ("create_app", "make_app")
FRAMEWORKS = (
    ("flask", "Flask"),
    ("quart", "Quart"),
    ("starlette.applications", "Starlette"),
)

WSGI_ARGUMENTS = 2
ASGI_ARGUMENTS = 3

_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def find_application(module: ModuleType) -> Application:
    """Return the application of `module`.

    Tried in this order: `app` and `application`, the only instance of a
    framework's class, `create_app()` and `make_app()`.

    Raises:
        AppNotLoaded: There is none, or there are several.
    """
    for name in NAMES:
        candidate = getattr(module, name, None)
        if candidate is not None and is_application(candidate):
            return cast(Application, candidate)
    instances = dict(_instances(module))
    if len(instances) == 1:
        return instances.popitem()[1]
    if instances:
        raise AppNotLoaded(
            f"{_place(module)} has several applications: {_listed(instances)}",
            hint=f'name one: `app = "{module.__name__}:{next(iter(instances))}"`',
        )
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if inspect.isfunction(factory):
            return _made(module, factory)
    raise AppNotLoaded(
        f"{_place(module)} has no application",
        hint=f"looked for {_listed((*NAMES, *(f + '()' for f in FACTORIES)))} and an "
        f"instance of `Flask`; found {_listed(_public(module)) or 'nothing'}",
    )


def named_application(module: ModuleType, name: str) -> Application:
    """Return what `name` says: an attribute, or a call with literal arguments.

    Raises:
        AppNotLoaded: It is no application and makes none.
    """
    try:
        expression = ast.parse(name.strip(), mode="eval").body
    except SyntaxError:
        raise _unreadable(name) from None
    if isinstance(expression, ast.Call):
        factory = _attribute(module, _dotted(expression.func, name))
        return _made(module, factory, *_arguments(expression, name))
    found = _attribute(module, _dotted(expression, name))
    if is_application(found):
        return cast(Application, found)
    if inspect.isfunction(found) or inspect.isclass(found):
        return _made(module, found)
    raise AppNotLoaded(
        f"`{name}` in {_place(module)} is no application but `{type(found).__name__}`",
        hint="`app` names a WSGI or ASGI application, or a function that makes one",
    )


def interface_of(application: Application) -> Interface:
    """Return how `application` wants to be called."""
    if hasattr(application, "asgi_app"):
        return "asgi"
    if hasattr(application, "wsgi_app"):
        return "wsgi"
    call = getattr(application, "__call__", application)  # noqa: B004 - the method
    if inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(call):
        return "asgi"
    return "asgi" if _arity(application) == ASGI_ARGUMENTS else "wsgi"


def is_application(candidate: Any) -> bool:
    """Return whether `candidate` can be called as a WSGI or ASGI application."""
    if not callable(candidate) or inspect.isclass(candidate):
        return False
    if inspect.isroutine(candidate):
        return _arity(candidate) in {WSGI_ARGUMENTS, ASGI_ARGUMENTS}
    return True


def _arity(function: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return WSGI_ARGUMENTS
    required = [p for p in parameters if p.default is p.empty]
    if any(p.kind is p.VAR_POSITIONAL for p in required):
        return WSGI_ARGUMENTS  # a wrapper that takes whatever comes
    return sum(p.kind in _POSITIONAL for p in required)


def _instances(module: ModuleType) -> Iterator[tuple[str, Application]]:
    classes = tuple(
        getattr(sys.modules[where], name)
        for where, name in FRAMEWORKS
        if where in sys.modules
    )
    seen: set[int] = set()
    for name, value in vars(module).items():
        if isinstance(value, classes) and id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _made(
    module: ModuleType, factory: Any, arguments: tuple[Any, ...] = (), named: Any = None
) -> Application:
    named = named or {}
    name = getattr(factory, "__name__", repr(factory))
    try:
        inspect.signature(factory).bind(*arguments, **named)
    except TypeError as error:
        raise AppNotLoaded(
            f"`{name}` in {_place(module)} cannot be called like this: {error}",
            hint=f'give it its arguments: `app = "{module.__name__}:{name}(…)"`',
        ) from None
    application = factory(*arguments, **named)
    if not is_application(application):
        raise AppNotLoaded(
            f"`{name}` in {_place(module)} made no application but "
            f"`{type(application).__name__}`",
            hint="a factory returns the application",
        )
    return cast(Application, application)


def _dotted(expression: ast.expr, name: str) -> str:
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        return f"{_dotted(expression.value, name)}.{expression.attr}"
    raise _unreadable(name)


def _arguments(call: ast.Call, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        return (
            tuple(ast.literal_eval(argument) for argument in call.args),
            {str(k.arg): ast.literal_eval(k.value) for k in call.keywords},
        )
    except ValueError:
        raise _unreadable(name) from None


def _attribute(module: ModuleType, dotted: str) -> Any:
    try:
        return reduce(getattr, dotted.split("."), module)
    except AttributeError:
        raise AppNotLoaded(
            f"{_place(module)} has no `{dotted}`",
            hint=f"found {_listed(_public(module)) or 'nothing'}",
        ) from None


def _unreadable(name: str) -> AppNotLoaded:
    return AppNotLoaded(
        f"`{name}` is neither a name nor a call with literal arguments",
        hint='such as `app = "shop.wsgi:application"` or `"shop:create_app(True)"`',
    )


def _place(module: ModuleType) -> str:
    return f"`{getattr(module, '__file__', None) or module.__name__}`"


def _public(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    ][:12]


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
