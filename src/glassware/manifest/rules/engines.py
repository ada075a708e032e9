"""Rules about database engines."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.variables import dotenv_variables
from glassware.manifest.wording import listed, nearest
from glassware.model import ENGINES


PLUGINS = "glassware.engines"
"""The group of entry points in which other distributions name their engines."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_ALSO_CALLED: Mapping[str, str] = {"valkey": "redis", "pg": "postgresql"}


def known_engines(draft: Draft) -> Iterator[Fault]:
    """An engine is one of those that glassware, or a plug-in, can run."""
    there_are = _engines()
    for service in draft.site.services:
        for name, engine in service.databases.items():
            path = ("services", service.name, "databases", name)
            if not engine and not draft.is_broken(*path):
                yield draft.fault(
                    path, "names no engine", f'write `engine = "{ENGINES[0]}"` into it'
                )
            elif engine and engine not in there_are:
                yield draft.fault(path, *_unknown(engine))
    for engine in draft.site.engines:
        if engine not in there_are:
            yield draft.fault(("engines", engine), *_unknown(engine))


def server_urls(draft: Draft) -> Iterator[Fault]:
    """An existing server is given by a URL, or by the variable that holds one."""
    for name, engine in draft.site.engines.items():
        path = ("engines", name, "url")
        if engine.url is None:
            continue
        if engine.url.startswith("env:"):
            if not _VARIABLE.fullmatch(engine.url):
                yield draft.fault(
                    path, f"`{engine.url}` names no variable", "write `env:NAME`"
                )
            elif draft.environment is not None and draft.production:
                variable = engine.url.removeprefix("env:")
                known = dotenv_variables(draft.folder) | dict(draft.environment)
                if not known.get(variable):
                    yield draft.fault(
                        path,
                        f"the variable `{variable}` is not set",
                        f"set `{variable}` to the URL of the server",
                    )
        elif not _URL.fullmatch(engine.url):
            yield draft.fault(
                path,
                "is no URL",
                f"write `{name}://USER:PASSWORD@HOST:PORT`, or `env:NAME`",
            )


def one_source(draft: Draft) -> Iterator[Fault]:
    """What is said about where a server comes from does not contradict itself."""
    belongs = {"program": "machine", "image": "container"}
    for name, engine in draft.site.engines.items():
        for key, source in belongs.items():
            if getattr(engine, key) is not None and engine.source not in {None, source}:
                yield draft.fault(
                    ("engines", name, key),
                    f'has no meaning with `source = "{engine.source}"`',
                    f'write `source = "{source}"`, or leave one of them out',
                )
        if engine.program is not None and engine.image is not None:
            yield draft.fault(
                ("engines", name, "image"),
                "is one source, and `program` another",
                "leave one of them out",
            )


def _engines() -> tuple[str, ...]:
    return (*ENGINES, *sorted(entry_points(group=PLUGINS).names))


def _unknown(engine: str) -> tuple[str, str]:
    known, there_are = _ALSO_CALLED.get(engine.lower()), _engines()
    hint = f"did you mean `{known}`?" if known else nearest(engine.lower(), there_are)
    return f"`{engine}` is no known engine", hint or f"there are {listed(there_are)}"


RULES = (known_engines, server_urls)
