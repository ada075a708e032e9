"""What is said about a value that does not fit."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from msgspec import Meta

from .draft import dotted
from .keys import Key, Shape, service_keys, site_keys
from .places import KeyPath


_KINDS: Mapping[type, str] = {
    bool: "`true` or `false`",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    list: "a list",
    dict: "a table",
}

Words = tuple[str, str | None]
"""What is wrong, and the way out."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the known word that was probably meant."""
    found = get_close_matches(word, [*known], 1)
    return f"did you mean `{found[0]}`?" if found else None


def listed(words: Iterable[str]) -> str:
    """Return words as a list that people read."""
    return ", ".join(f"`{word}`" for word in words)


def no_such_key(name: str, keys: Mapping[str, Key], *, in_site: bool) -> Words:
    """Say that a key is unknown."""
    if in_site and name in service_keys():
        hint = "it belongs in `service.toml` or below `[services.NAME]`"
    elif not in_site and name in {*site_keys(), "services"}:
        hint = "it belongs in `site.toml`"
    else:
        hint = nearest(name, keys) or f"there are {listed(sorted(keys))}"
    return "is no key of this table", hint


def wrong_kind(shape: Shape, value: Any, path: KeyPath) -> Words:
    """Say that a value is of another kind than its key wants."""
    if shape.items is not None:
        wanted, kind = "a list", "a list"
        if shape.items.table is not None:
            kind = f"tables, each under `[[{dotted(path[-1:])}]]`"
            wanted = "a list of tables"
        return f"must be {wanted}, not {_kind(value)}", f"write {kind}"
    return f"must be a table, not {_kind(value)}", None


def complaint(shape: Shape, value: Any) -> Words:
    """Say why a plain value does not fit."""
    base = get_args(shape.leaf)[0] if shape.metas else shape.leaf
    if get_origin(base) is Literal:
        choices = get_args(base)
        hint = nearest(value, choices) if isinstance(value, str) else None
        return f"must be one of {listed(choices)}, not {_shown(value)}", hint
    if not _fits(base, value):
        hint = f'write `"{value}"`' if base is str and _is_plain(value) else None
        return f"must be {_KINDS[base]}, not {_kind(value)}", hint
    return next(
        (words for meta in shape.metas if (words := _beyond(meta, value))),
        ("is not allowed", None),
    )


def odd_character(shape: Shape, value: str) -> str | None:
    """Say which character a text may not hold, if it holds one."""
    for character in value:
        if (character < " " and character not in "\n\t") or character == "\x7f":
            return f"holds the control character `U+{ord(character):04X}`"
    # `$` of the model's patterns is JSON Schema's; Python's allows a line end.
    patterns = [meta.pattern for meta in shape.metas if meta.pattern]
    if any(not re.fullmatch(pattern, value) for pattern in patterns):
        return "ends with a line break"
    return None


def _beyond(meta: Meta, value: Any) -> Words | None:
    if meta.min_length and len(value) < meta.min_length:
        return "must not be empty", None
    if meta.max_length and len(value) > meta.max_length:
        return f"must be at most {meta.max_length} characters long", None
    if meta.pattern and not re.search(meta.pattern, value):
        plain = (meta.extra or {}).get("plain", f"text like `{meta.pattern}`")
        return f"must be {plain}, not {_shown(value)}", None
    limits = [
        f"{words} {limit}"
        for words, limit in (
            ("at least", meta.ge),
            ("more than", meta.gt),
            ("at most", meta.le),
        )
        if limit is not None
    ]
    return (f"must be {' and '.join(limits)}, not {value}", None) if limits else None


def _fits(base: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return base is bool
    return isinstance(value, (int, float) if base is float else base)


def _kind(value: Any) -> str:
    for kind, words in _KINDS.items():
        if isinstance(value, kind):
            return words.removesuffix(" in quotes")
    return "a date or time"


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else _kind(value)
    text = text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004
    return f"`{text}`" if isinstance(value, str) else text
