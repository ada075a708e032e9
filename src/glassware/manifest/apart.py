"""What services of one process have in common whether they want it or not.

A group gives each member its own variables and folder while it starts, its own
modules, output and databases. What is left is here: code that would do
something else in a group than alone, as far as the code itself tells.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from glassware.model import Site

from .early import Place, places
from .sources import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One place in the code of a service that shares its process.

    Attributes:
        service: The service.
        group: Its group.
        file: Where it is.
        line: Its line, counted from 1.
        what: What is different there.
        hint: What to write in its place.
    """

    service: str
    group: str
    file: Path
    line: int
    what: str
    hint: str


Found = tuple[str, str]
"""What is different, and what to write in its place."""

_VARIABLES = frozenset({"os.environ", "os.getenv", "os.environb"})

_OWN = "leave it to the site, or take the service out of the group"
_LOGGING = (
    "sets up the logging of every member",
    "write to standard error, or add a handler to `app.logger` alone",
)
_EVERYWHERE: Mapping[str, Found] = {
    "logging.basicConfig": _LOGGING,
    "logging.config.dictConfig": _LOGGING,
    "logging.config.fileConfig": _LOGGING,
    "logging.disable": ("silences every member", _OWN),
    "os.chdir": ("changes the folder of every member", "name files by `__file__`"),
    "os.umask": ("changes the mode of every member's files", _OWN),
    "os._exit": ("ends every member", _OWN),
    "os.fork": ("makes a second process of every member", _OWN),
    "signal.signal": ("changes how every member hears a signal", _OWN),
    "signal.setitimer": ("sets the timer of every member", _OWN),
    "signal.alarm": ("sets the timer of every member", _OWN),
    "locale.setlocale": (
        "changes the language of every member",
        "format with `babel`, which asks for a locale at each call",
    ),
    "time.tzset": ("changes the time zone of every member", "use `zoneinfo`"),
    "sys.setrecursionlimit": ("changes the limit of every member", _OWN),
    "sys.setswitchinterval": ("changes it for every member", _OWN),
    "socket.setdefaulttimeout": (
        "changes the time limit of every member's sockets",
        "set a time limit where the connection is made",
    ),
    "random.seed": ("seeds `random` for every member", "use `random.Random(seed)`"),
    "gc.disable": ("turns garbage collection off for every member", _OWN),
    "gc.set_threshold": ("changes garbage collection for every member", _OWN),
    "resource.setrlimit": ("changes the limit of every member", _OWN),
    "warnings.simplefilter": ("changes the warnings of every member", _OWN),
    "warnings.filterwarnings": ("changes the warnings of every member", _OWN),
}
_THREADS = frozenset({"threading.Thread", "threading.Timer"})
_OPENERS = frozenset({"open", "io.open", "sqlite3.connect"})
_PATHS = frozenset({"pathlib.Path", "pathlib.PosixPath"})
_NO_FILE = frozenset({":memory:", ""})


def remarks(site: Site) -> Iterator[Remark]:
    """Return what cannot be kept apart in the groups of a site."""
    for group, names in site.groups.items():
        for service in filter(None, map(site.service, names)):
            seen: set[tuple[Path, int]] = set()
            for place in places(sources(service)):
                line = getattr(place.node, "lineno", 0)
                if (found := _found(place)) and (place.source.file, line) not in seen:
                    seen.add((place.source.file, line))
                    yield Remark(
                        service=service.name,
                        group=group,
                        file=place.source.file,
                        line=line,
                        what=found[0],
                        hint=found[1],
                    )


def _found(place: Place) -> Found | None:
    node, dotted = place.node, place.source.dotted
    if isinstance(node, ast.Attribute | ast.Name) and place.late:
        return _variable(dotted(node))
    if isinstance(node, ast.Call):
        return _call(dotted(node.func), node, late=place.late)
    return None


def _variable(name: str) -> Found | None:
    if name not in _VARIABLES:
        return None
    return (
        f"`{name}` is asked after the start, and has only what all members agree on",
        "read it at import, or in `create_app`, into a name or into `app.config`",
    )


def _call(name: str, call: ast.Call, *, late: bool) -> Found | None:
    if name in _EVERYWHERE:
        what, hint = _EVERYWHERE[name]
        return f"`{name}` {what}", hint
    if name in _THREADS and not late:
        return (
            f"`{name}` starts with the service's variables, goes on with the group's",
            "give it what it needs as arguments",
        )
    # What is opened at import is; a path is only a name until it is used.
    if name in _PATHS or (name in _OPENERS and late):
        return _relative(name, call)
    return None


def _relative(name: str, call: ast.Call) -> Found | None:
    match call.args:
        case [ast.Constant(value=str() as path), *_] if _is_relative(path):
            return (
                f"`{path}` is looked for in the folder of the group, not of the service",
                f"write `Path(__file__).parent / {path!r}`, or `app.open_resource`",
            )
        case _:
            return None


def _is_relative(path: str) -> bool:
    plain = path not in _NO_FILE and "://" not in path and not path.startswith("~")
    return plain and not PurePath(path).is_absolute()
