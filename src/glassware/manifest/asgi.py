"""Whether an application is called the ASGI way, as far as its code says so."""

import ast
from collections.abc import Iterable

from glassware.model import Service

from .sources import Source, entry_of


_MAKERS = frozenset(
    {
        "quart.Quart",
        "fastapi.FastAPI",
        "starlette.applications.Starlette",
        "litestar.Litestar",
        "blacksheep.Application",
        "sanic.Sanic",
        "falcon.asgi.App",
        "django.core.asgi.get_asgi_application",
        "channels.routing.ProtocolTypeRouter",
        "connexion.AsyncApp",
    }
)
_NAMES = frozenset({"app", "application"})
_FACTORIES = frozenset({"create_app", "make_app"})


def is_asgi(service: Service) -> bool:
    """Whether a service's manifest or the file of its application says ASGI."""
    module, _, name = (service.app or "").partition(":")
    if module.removesuffix(".py").replace("/", ".").rpartition(".")[2] == "asgi":
        return True
    source = entry_of(service)
    return source is not None and _makes(source, {*_NAMES, name}, source.tree.body)


def _makes(source: Source, names: set[str], body: Iterable[ast.stmt]) -> bool:
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=ast.Call(func=maker)):
                bound = {t.id for t in targets if isinstance(t, ast.Name)}
                if bound & names and source.dotted(maker) in _MAKERS:
                    return True
            case ast.FunctionDef(name=name, body=inner) if name in _FACTORIES | names:
                if any(
                    isinstance(part, ast.Call) and source.dotted(part.func) in _MAKERS
                    for statement in inner
                    for part in ast.walk(statement)
                ):
                    return True
            case _:
                pass
    return False
