"""Where each key of a TOML file stands: `tomllib` does not say.

The text is known to be valid, so this only has to find its way through it:
headers, dotted keys, and values far enough to know where they end.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress


KeyPath = tuple[str | int, ...]
"""Of a value: keys, and the numbers of its array elements."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def locate(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, of every key and element of valid TOML."""
    finder = _Finder(text)
    with suppress(RecursionError):  # tomllib took fewer frames; keep what is known
        finder.document()
    return finder.lines


class _Finder:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        self.lines: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        position = self.blank(0)
        while position < len(self.text):
            if self.text[position] == "[":
                table, position = self.header(position)
            else:
                position = self.pair(position, table)
            position = self.blank(position)

    def header(self, start: int) -> tuple[KeyPath, int]:
        brackets = 2 if self.text.startswith("[[", start) else 1
        keys, end = self.keys(start + brackets)
        table: KeyPath = ()
        for key in keys[:-1]:
            self.note((*table, key), start)
            table = self.last((*table, key))
        table = (*table, keys[-1])
        self.note(table, start)
        if brackets == 2:  # noqa: PLR2004
            self.lengths[table] = self.lengths.get(table, 0) + 1
            table = self.last(table)
            self.note(table, start)
        return table, end + brackets

    def pair(self, start: int, table: KeyPath) -> int:
        keys, end = self.keys(start)
        for key in keys:
            table = (*table, key)
            self.note(table, start)
        return self.value(self.blank(end + 1), table)

    def value(self, start: int, path: KeyPath) -> int:
        match self.text[start : start + 1]:
            case "[":
                return self.array(start, path)
            case "{":
                return self.inline_table(start, path)
            case '"' | "'":
                return self.match_end(_STRING, start)
            case _:
                return self.match_end(_PLAIN, start)

    def array(self, start: int, path: KeyPath) -> int:
        position, index = self.blank(start + 1), 0
        while self.text[position : position + 1] not in {"]", ""}:
            self.note((*path, index), position)
            position = self.blank(self.value(position, (*path, index)))
            position = self.separator(position)
            index += 1
        return position + 1

    def inline_table(self, start: int, path: KeyPath) -> int:
        position = self.blank(start + 1)
        while self.text[position : position + 1] not in {"}", ""}:
            position = self.separator(self.blank(self.pair(position, path)))
        return position + 1

    def keys(self, start: int) -> tuple[list[str], int]:
        keys: list[str] = []
        position = start - 1
        while not keys or self.text[position : position + 1] == ".":
            position = self.blank(position + 1)
            end = self.match_end(_KEY, position)
            keys.append(_unquoted(self.text[position:end]))
            position = self.blank(end)
        return keys, position

    def separator(self, position: int) -> int:
        comma = self.text[position : position + 1] == ","
        return self.blank(position + 1) if comma else position

    def last(self, path: KeyPath) -> KeyPath:
        length = self.lengths.get(path)
        return path if length is None else (*path, length - 1)

    def note(self, path: KeyPath, position: int) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, position))

    def blank(self, start: int) -> int:
        return self.match_end(_BLANK, start)

    def match_end(self, pattern: re.Pattern[str], start: int) -> int:
        match = pattern.match(self.text, start)
        if match is None:  # not TOML after all: go on behind it rather than hang
            return len(self.text)
        return match.end()


def _unquoted(key: str) -> str:
    if key.startswith('"'):
        return "".join(_characters(key[1:-1]))
    return key.strip("'")


def _characters(text: str) -> Iterator[str]:
    end = 0
    for match in _ESCAPE.finditer(text):
        yield text[end : match.start()]
        code = match[1] or match[2]
        yield chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])
        end = match.end()
    yield text[end:]
