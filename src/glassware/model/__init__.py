"""A site as it is described: inert, frozen, complete.

The classes here are the only place where a manifest's key is declared. Types,
limits, the JSON Schema and the reference page are all made from them: a
`Meta(description=…)` is the sentence that users read, and a field without one
is no key.
"""

from .databases import ENGINES, SCRIPTS, Database, Engine, Source
from .gateway import Cors, Gateway, Tls
from .routes import Mount, Route, RouteKey
from .services import (
    EVERYWHERE,
    LAYOUT,
    LAYOUT_APP,
    Address,
    Neighbour,
    Reload,
    Server,
    Service,
)
from .site import PathKey, Site
from .types import Command, Header, Host, Method, Name, Origin, RouteHost, Variable
from .visitors import Visitors


__all__ = [
    "ENGINES",
    "EVERYWHERE",
    "LAYOUT",
    "LAYOUT_APP",
    "SCRIPTS",
    "Address",
    "Command",
    "Cors",
    "Database",
    "Engine",
    "Gateway",
    "Header",
    "Host",
    "Method",
    "Mount",
    "Name",
    "Neighbour",
    "Origin",
    "PathKey",
    "Reload",
    "Route",
    "RouteHost",
    "RouteKey",
    "Server",
    "Service",
    "Site",
    "Source",
    "Tls",
    "Variable",
    "Visitors",
]
