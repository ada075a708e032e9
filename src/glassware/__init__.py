"""Build one website out of many small Flask services.

What a service may import is here, and nothing is loaded before it is used: a
service that imports one name pays for that name alone.
"""

from importlib import import_module


# Type checkers take it for true; `typing` would cost more than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import (
        BadAnswer,
        CallError,
        CircuitOpen,
        DeadlineExceeded,
        DeadLink,
        GlasswareError,
        MissingExtra,
        NotAllowed,
        Unavailable,
        UnknownService,
        UsageError,
    )
    from .service.client import services
    from .service.databases import databases
    from .service.deadline import deadline
    from .service.gather import gather
    from .website.assets import csp_nonce, script, style
    from .website.extension import Website
    from .website.fragment_html import fragment
    from .website.identity import identity
    from .website.login import login_required, requires
    from .website.look import site_environment
    from .website.shared import site_session
    from .website.urls import url_for
    from .website.visitor import visitor


__all__ = [
    "BadAnswer",
    "CallError",
    "CircuitOpen",
    "DeadLink",
    "DeadlineExceeded",
    "GlasswareError",
    "MissingExtra",
    "NotAllowed",
    "Unavailable",
    "UnknownService",
    "UsageError",
    "Website",
    "csp_nonce",
    "databases",
    "deadline",
    "fragment",
    "gather",
    "identity",
    "login_required",
    "requires",
    "script",
    "services",
    "site_environment",
    "site_session",
    "style",
    "url_for",
    "visitor",
]

_ELSEWHERE = {
    "Website": ".website.extension",
    "csp_nonce": ".website.assets",
    "databases": ".service.databases",
    "deadline": ".service.deadline",
    "fragment": ".website.fragment_html",
    "gather": ".service.gather",
    "identity": ".website.identity",
    "login_required": ".website.login",
    "requires": ".website.login",
    "script": ".website.assets",
    "services": ".service.client",
    "site_environment": ".website.look",
    "site_session": ".website.shared",
    "style": ".website.assets",
    "url_for": ".website.urls",
    "visitor": ".website.visitor",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    module = import_module(_ELSEWHERE.get(name, ".errors"), __name__)
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
