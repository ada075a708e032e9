"""For the tests of services: the real site, single services, fake neighbours.

pytest finds the fixtures by itself; see `docs/reference/testing.md`. What is
here is for annotations, and is loaded when it is used.
"""

from importlib import import_module


# Type checkers take it for true; `typing` would cost more than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .calls import Calls
    from .fake import Fake, Recorded
    from .service import Service
    from .services import Services
    from .site import Site
    from .site_databases import SiteDatabases
    from .visitor import Visitor

__all__ = [
    "Calls",
    "Fake",
    "Recorded",
    "Service",
    "Services",
    "Site",
    "SiteDatabases",
    "Visitor",
]

_ELSEWHERE = {"Recorded": "fake", "SiteDatabases": "site_databases"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    value = globals()[name] = getattr(
        import_module(f".{_ELSEWHERE.get(name, name.lower())}", __name__), name
    )
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
