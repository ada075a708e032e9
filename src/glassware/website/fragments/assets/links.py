"""The header `Link` (RFC 8288), as far as it names scripts and styles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote


Kind = Literal["style", "script", "module"]

EXTRA = ("media", "integrity", "crossorigin")
"""What a link may say besides, and its tag too."""

_PARAMETER = r"""[ \t]*+;[ \t]*+(?:([^\s"(),/:;<=>?@\[\]{}]+)(?:[ \t]*+=[ \t]*+("(?:[^"\\]|\\.)*+"|[^\s",;]*+))?)?"""
_LINK = re.compile(rf"[ \t,]*<([^>]*)>((?:{_PARAMETER})*+)[ \t]*(?:,|\Z)", re.ASCII)
_EACH = re.compile(_PARAMETER, re.ASCII)
_UNSAFE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Asset:
    """A script or a style.

    Attributes:
        kind: `style`, `script`, or `module`: a script that imports others.
        url: Where it is.
        extra: What else its tag says, by name: see `EXTRA`.
        elsewhere: Whether a fragment has named it and it is not on this site.
    """

    kind: Kind
    url: str
    extra: tuple[tuple[str, str], ...] = ()
    elsewhere: bool = False


def read_links(values: Iterable[str]) -> Iterator[Asset]:
    """Return the scripts and styles that headers `Link` name, in their order.

    Args:
        values: Of each header. What is malformed ends the reading of its header.
    """
    for value in values:
        position = 0
        while found := _LINK.match(value, position):
            position = found.end()
            asset = _asset(found[1].strip(), _parameters(found[2]))
            if asset is not None:
                yield asset


def write_link(asset: Asset) -> str:
    """Return the value of a header `Link` that names a script or a style."""
    relation = {
        "style": 'rel="stylesheet"',
        "script": 'rel="preload"; as="script"',
        "module": 'rel="modulepreload"',
    }[asset.kind]
    extra = "".join(f'; {name}="{_quoted(value)}"' for name, value in asset.extra)
    return f"<{escaped(asset.url)}>; {relation}{extra}"


def escaped(url: str) -> str:
    """Return a URL in which nothing is left that is not for URLs."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _EACH.findall(text):
        if value.startswith('"'):
            value = _UNSAFE.sub(r"\1", value[1:-1])  # noqa: PLW2901 - the same, read
        # Said twice, the first counts (section 3.3).
        found.setdefault(name.lower(), value)
    return found


def _asset(url: str, said: dict[str, str]) -> Asset | None:
    kind = _kind(said)
    if kind is None or not url or "anchor" in said:
        return None
    extra = tuple((name, said[name]) for name in EXTRA if name in said)
    return Asset(kind, url, extra)


def _kind(said: dict[str, str]) -> Kind | None:
    relations = said.get("rel", "").lower().split()
    if "stylesheet" in relations and "alternate" not in relations:
        return "style"
    if "modulepreload" in relations:
        return "module"
    if "preload" in relations and said.get("as", "").lower() == "script":
        return "script"
    return None


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
