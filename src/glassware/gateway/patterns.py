"""Rule patterns of manifests, as regular expressions of Envoy (RE2).

A pattern is written like a Flask rule: `<name>` and `<int:id>` are one
segment, `<path:rest>` is one or more, and a final `/*` is everything below,
the address itself included. Each also matches with and without a final slash.
"""

import re
from collections.abc import Iterator


_VARIABLE = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\([^>]*\))?:)?([a-zA-Z_]\w*)>")
_UNRESERVED = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
)


def expression(pattern: str, prefix: str = "") -> str:
    """Return the expression for the public paths that `pattern` means.

    Args:
        pattern: Of the manifest, such as `/products/<int:id>` or `/admin/*`.
        prefix: What stands before it in public, such as `/catalog`.
    """
    below = pattern.endswith("/*")
    path = pattern.removesuffix("*").strip("/")
    whole = "/".join(part for part in (prefix.rstrip("/"), path) if part)
    start = "".join(_parts(whole if whole.startswith("/") else f"/{whole}"))
    start = start.removesuffix("/")
    return f"{start}(?:/.*)?" if below else f"{start}/?"


def literal(text: str) -> str:
    """Return the expression for `text` as it may be spelled in a path.

    Flask decodes a path before it matches: an address that the gateway
    refuses must be refused in each of its spellings.
    """
    return "".join(map(_spellings, text))


def _parts(path: str) -> Iterator[str]:
    end = 0
    for match in _VARIABLE.finditer(path):
        yield literal(path[end : match.start()])
        yield ".+" if match[1] == "path" else "[^/]+"
        end = match.end()
    yield literal(path[end:])


def _spellings(character: str) -> str:
    if character in _UNRESERVED:
        return re.escape(character)
    encoded = "".join(f"%{byte:02X}" for byte in character.encode())
    if not character.isascii():
        return f"(?i:{encoded})"
    return f"(?:{re.escape(character)}|(?i:{encoded}))"
