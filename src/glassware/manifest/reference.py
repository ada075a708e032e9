"""The reference page of both manifests, made from the model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, Literal, get_args, get_origin

from glassware.model import (
    ENGINES,
    Address,
    Cors,
    Engine,
    Gateway,
    Neighbour,
    Route,
    Tls,
    Visitors,
)
from glassware.template import DATABASE_FIELDS, SERVICE_FIELDS

from .keys import Key, Shape, keys_of, service_keys, site_keys, site_service_keys
from .wording import listed


_KINDS: Mapping[type, str] = {
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    str: "text",
}

_INTRODUCTION = """\
# Manifests

<!-- Made from the model by `tests/manifest/test_manifest_shipped.py`. -->

Both files are optional. `site.toml` stands in the site's folder, `service.toml`
in a service's. An unknown key is a fault, and every fault of every file is
reported in one run.

`site.production.toml` lays over `site.toml` where the site runs for visitors.
Tables are joined key by key; any other value takes the place of the one below
it, and an `app` makes way for a `command` above it, and the reverse.
"""

_NEIGHBOURS = """\
`NAME` is one of `calls`. What each of them does:
[call a neighbour](../how-to/call-a-neighbour.md#other-numbers-for-one-neighbour).
"""

_VISITORS = """\
What comes of it: [sign visitors in](../how-to/sign-visitors-in.md).
"""

_CONVENTIONS = """\
## Where the application is found

Without `app` and `command`, the first of these is the service's application:

1. `manage.py` with one `*/wsgi.py`: the Django project, `NAME.wsgi:application`
2. `app.py`, `wsgi.py`, `asgi.py`, loaded under the service's name
3. `NAME.py` with the service's name, or `main.py`, if it defines or imports an
   application
4. a package with the service's name
5. the only package, if it or its `app.py`, `wsgi.py`, `asgi.py` or `main.py`
   defines or imports an application; `tests`, `migrations` and the like do not
   count
6. the same in `src/`

An application is a name `app`, `application`, `create_app` or `make_app`, or
any variable that holds a `Flask(…)`.
"""


def manifest_reference() -> str:
    """Return the page `docs/reference/manifest.md`."""
    return "\n".join(
        [
            _INTRODUCTION,
            *_section("`service.toml`", service_keys()),
            *_section("`[[routes]]` of a service", keys_of(Route)),
            *_section("`[neighbours.NAME]` of a service", keys_of(Neighbour)),
            _NEIGHBOURS,
            *_section("`[address]` of a service", keys_of(Address)),
            *_references(),
            _CONVENTIONS,
            *_section("`site.toml`", site_keys()),
            *_section("`[gateway]`", keys_of(Gateway)),
            *_section("`[gateway.tls]`", keys_of(Tls)),
            *_section("`[gateway.cors]`", keys_of(Cors)),
            *_section("`[visitors]`", keys_of(Visitors)),
            _VISITORS,
            *_section("`[engines.NAME]`", keys_of(Engine)),
            f"Engines are {listed(ENGINES)}.\n",
            *_section("`[services.NAME]` in `site.toml`", _only_there()),
            "Every key of `service.toml` may stand here too, and lays over it.\n",
        ]
    )


def _only_there() -> Mapping[str, Key]:
    return {k: v for k, v in site_service_keys().items() if k not in service_keys()}


def _section(title: str, keys: Mapping[str, Key]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for key in keys.values():
        cells = (f"`{key.name}`", _kind(key.shape), _default(key), key.description)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _references() -> Iterator[str]:
    yield "## References in `[environment]`\n"
    yield "| reference | fields |"
    yield "|---|---|"
    yield f"| `{{services.NAME.FIELD}}` | {listed(SERVICE_FIELDS)} |"
    yield f"| `{{databases.NAME.FIELD}}` | {listed(DATABASE_FIELDS)} |"
    yield "| `{secret.NAME}` | |"
    yield ""
    yield "A database is one that the service itself declares. A secret comes from the"
    yield "environment, `secrets.toml` or `.env` in the site's folder. Any other brace"
    yield "stands for itself.\n"


def _kind(shape: Shape) -> str:
    if shape.table is not None:
        return "table"
    if shape.items is not None:
        return f"list of {_plural(_kind(shape.items))}"
    if shape.values is not None:
        return f"table: a {_kind(shape.values)} for each name"
    base = get_args(shape.leaf)[0] if shape.metas else shape.leaf
    if shape.long is not None:
        return f"{_KINDS[base]} or table"
    if get_origin(base) is Literal:
        return " or ".join(f'`"{choice}"`' for choice in get_args(base))
    return _KINDS[base] + _limits(shape)


def _limits(shape: Shape) -> str:
    found = [
        f"{sign} {limit:,}"
        for meta in shape.metas
        for sign, limit in (("≥", meta.ge), (">", meta.gt), ("≤", meta.le))
        if limit is not None
    ]
    return f", {', '.join(found)}" if found else ""


def _plural(kind: str) -> str:
    return kind if kind == "text" else f"{kind}s"


def _default(key: Key) -> str:
    value: Any = key.default
    if value in (None, "", ()) or value == {} or is_dataclass(value):
        return ""
    return f"`{json.dumps(value)}`"
