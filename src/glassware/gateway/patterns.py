"""Rule patterns of manifests, as regular expressions of Envoy (RE2).

A pattern is written like a Flask rule: `<name>` and `<int:id>` are one
segment, `<path:rest>` is one or more, and a final `/*` is everything below,
the address itself included. Each matches with and without a final slash.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote


KEPT_IN_PATHS = "/!$&'()*+,;=:@~"

_VARIABLE = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\([^>]*\))?:)?([a-zA-Z_]\w*)>")
_UNRESERVED = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
)


# Werkzeug's own converters of one segment; an app's own may span several.
_ONE_SEGMENT = frozenset({None, "default", "string", "any", "int", "float", "uuid"})


def expression(pattern: str, prefix: str = "", *, wide: bool = False) -> str:
    """Return the expression for the public paths that `pattern` means.

    Args:
        pattern: Of the manifest, such as `/products/<int:id>` or `/admin/*`.
        prefix: What stands before it in public, such as `/catalog`.
        wide: Whether a converter that is not Werkzeug's may be many segments,
            as is right for what is refused.
    """
    below = pattern.endswith("/*")
    path = (pattern.removesuffix("*") if below else pattern).strip("/")
    whole = "/".join(part for part in (prefix.rstrip("/"), path) if part)
    whole = whole if whole.startswith("/") else f"/{whole}"
    start = "".join(_parts(whole, wide=wide))
    start = start.removesuffix("/")
    return f"{start}(?:/.*)?" if below else f"{start}/?"


def example(rule: str) -> str:
    """Return a path that a rule of Flask answers to, converters aside."""
    return quote(_VARIABLE.sub("x", rule), safe=KEPT_IN_PATHS)


def literal(text: str) -> str:
    """Return the expression for `text` as it may be spelled in a path.

    Flask decodes a path before it matches: an address that the gateway
    refuses must be refused in each of its spellings.
    """
    return "".join(map(_spellings, text))


def _parts(path: str, *, wide: bool) -> Iterator[str]:
    end = 0
    for match in _VARIABLE.finditer(path):
        yield literal(path[end : match.start()])
        many = match[1] == "path" or (wide and match[1] not in _ONE_SEGMENT)
        yield ".+" if many else "[^/]+"
        end = match.end()
    yield literal(path[end:])


def _spellings(character: str) -> str:
    if character in _UNRESERVED:
        return re.escape(character)
    encoded = "".join(f"%{byte:02X}" for byte in character.encode())
    if not character.isascii():
        return f"(?i:{encoded})"
    return f"(?:{re.escape(character)}|(?i:{encoded}))"


def others_than(word: str) -> str:
    """Return the expression for every text but one; RE2 knows no exceptions."""
    parts = [
        rf"{literal(word[:at])}([^{literal(letter)}].*)?"
        for at, letter in enumerate(word)
    ]
    return f"({'|'.join([*parts, rf'{literal(word)}.+'])})"
