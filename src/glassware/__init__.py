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
    from .website.extension import Website
    from .website.fragments.alone import fragment
    from .website.fragments.assets.nonce import csp_nonce
    from .website.fragments.assets.tags import script, style
    from .website.links.urls import url_for
    from .website.look.templates import site_environment
    from .website.sessions.shared import site_session
    from .website.visitor.identity import identity
    from .website.visitor.login import login_required, requires
    from .website.visitor.proxy import visitor


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
    "csp_nonce": ".website.fragments.assets.nonce",
    "databases": ".service.databases",
    "deadline": ".service.deadline",
    "fragment": ".website.fragments.alone",
    "gather": ".service.gather",
    "identity": ".website.visitor.identity",
    "login_required": ".website.visitor.login",
    "requires": ".website.visitor.login",
    "script": ".website.fragments.assets.tags",
    "services": ".service.client",
    "site_environment": ".website.look.templates",
    "site_session": ".website.sessions.shared",
    "style": ".website.fragments.assets.tags",
    "url_for": ".website.links.urls",
    "visitor": ".website.visitor.proxy",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    module = import_module(_ELSEWHERE.get(name, ".errors"), __name__)
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
