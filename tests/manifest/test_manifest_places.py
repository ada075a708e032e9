"""Every key of a manifest has a line."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.manifest.places import KeyPath, locate


TEXT = '''\
# a comment with [brackets] and "quotes"
title = "one"
"quoted key" = 1
'literal.key' = 2
"esc\\u0061ped" = 3
a.b . "c" = { x = 1, "y z" = [1, 2], n.m = "}" }

multi = """
not = "a key"
[not.a.header]
""\\" still ""inside\\\\"""

raw = \'\'\'
# no comment
it''s\'\'\'\'

list = [
  "one", # first
  [2, 3],

  { k = "]" },
]

[table]
k = 1979-05-27T07:32:00Z

[[routes]]
path = "/a"
[routes.sub]
deep = true

[[routes]] # second
path = '/b'
[[routes.inner]]
q = 1
[[routes.inner]]
q = -1.5e3

[ x . "y" ]
z = inf
'''

LINES = {
    ("title",): 2,
    ("quoted key",): 3,
    ("literal.key",): 4,
    ("escaped",): 5,
    ("a",): 6,
    ("a", "b", "c", "y z", 1): 6,
    ("a", "b", "c", "n", "m"): 6,
    ("multi",): 8,
    ("raw",): 13,
    ("list",): 17,
    ("list", 0): 18,
    ("list", 1, 1): 19,
    ("list", 2, "k"): 21,
    ("table",): 24,
    ("table", "k"): 25,
    ("routes",): 27,
    ("routes", 0, "path"): 28,
    ("routes", 0, "sub", "deep"): 30,
    ("routes", 1): 32,
    ("routes", 1, "path"): 33,
    ("routes", 1, "inner", 0, "q"): 35,
    ("routes", 1, "inner", 1, "q"): 37,
    ("x", "y"): 39,
    ("x", "y", "z"): 40,
}


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Return the path of every key and element."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines(ending: str):
    """Headers, dotted keys, inline tables and multi-line values are found."""
    text = TEXT.replace("\n", ending)

    found = locate(text)

    assert {path: found.get(path) for path in LINES} == LINES
    assert set(found) == {*paths(tomllib.loads(text))}


KEYS = st.one_of(
    st.from_regex(r"[a-z0-9_-]{1,4}", fullmatch=True),
    st.sampled_from(['"a b"', '"a.b"', "'q\"'", '"\\u00e4"', '""', "'#['"]),
)
SCALARS = st.sampled_from(
    [
        "1",
        "-0x1f",
        "true",
        "1979-05-27 07:32:00",
        "'[#\"'",
        '"\\"#]}"',
        '""',
        "''",
        '"""\n[a]\nb = 1\n""x"""',
        "'''\n''x'''''",
        '""""""',
    ]
)


def arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return arrays over several lines, with comments."""
    return st.lists(values, max_size=3).map(
        lambda items: "[\n" + "".join(f" {item}, # ]\n" for item in items) + "]"
    )


def tables(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return inline tables."""
    pairs = st.dictionaries(KEYS, values, max_size=3)
    return pairs.map(
        lambda table: "{" + ", ".join(f"{k} = {v}" for k, v in table.items()) + "}"
    )


VALUES = st.recursive(
    SCALARS, lambda inner: arrays(inner) | tables(inner), max_leaves=5
)
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
STATEMENTS = st.one_of(
    st.tuples(DOTTED, VALUES).map(" = ".join),
    DOTTED.map("[{}]".format),
    DOTTED.map("[[ {} ]] # x".format),
    st.sampled_from(["", "# [comment]", "\t"]),
)


@given(st.lists(STATEMENTS, max_size=8))
def test_every_key_of_any_document(statements: list[str]):
    """Whatever tomllib understands has exactly its keys located, each on its line."""
    text = "\n".join(statements)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    found = locate(text)

    assert set(found) == {*paths(table)}
    rows = text.split("\n")
    for path, line in found.items():
        if isinstance(path[-1], str) and path[-1].isalnum() and path[-1].isascii():
            assert path[-1] in rows[line - 1]
