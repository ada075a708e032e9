"""The gateway: the one public door of a site, kept by Envoy.

`routes` decides which address leads where; `envoy` and its siblings write that
as Envoy's configuration, as data; `proxy` puts the files where Envoy reads
them. Nothing here starts a process: the supervisor does.
"""

from .binary import check_envoy, find_envoy
from .jwt import key_set
from .ports import Holder, free_port, holder, is_free, taken, taken_meanwhile
from .proxy import Gateway, Version
from .routes import Line, every_host, hosts, is_public, lines_of
from .state import ANY, Pair, Place, Upstream


__all__ = [
    "ANY",
    "Gateway",
    "Holder",
    "Line",
    "Pair",
    "Place",
    "Upstream",
    "Version",
    "check_envoy",
    "every_host",
    "find_envoy",
    "free_port",
    "holder",
    "hosts",
    "is_free",
    "is_public",
    "key_set",
    "lines_of",
    "taken",
    "taken_meanwhile",
]
