"""Where one statement of a file ends and the next begins.

Written for what stands in files of migrations. It reads comments, quoted
texts and names, dollar quotes, and the few statements with a `;` inside; all
else is the database's own business.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file.

    Attributes:
        text: From its first word to its last; the `;` is no part of it.
        line: Of the first word, counted from 1.
        start: Where the text begins in the file, counted in characters.
    """

    text: str
    line: int
    start: int

    @property
    def end(self) -> int:
        """Where the text ends in the file."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Dialect:
    """How a language writes what is no word.

    Attributes:
        comments: What begins a comment that ends with its line.
        nested: Whether a `/*` within a comment needs a `*/` of its own.
        quotes: Closing quotes by their opening ones; doubled they stand for
            themselves.
        tags: Whether a dollar quote may have a tag, as in `$body$`; `None`:
            there are none at all.
        brackets: Whether a `;` in parentheses ends nothing.
        blocks: What holds `;` in statements that begin with certain words.
    """

    comments: tuple[str, ...] = ("--",)
    nested: bool = False
    quotes: Mapping[str, str] = field(default_factory=lambda: {"'": "'", '"': '"'})
    tags: bool | None = None
    escapes: bool = False
    brackets: bool = False
    blocks: "tuple[Block, ...]" = ()

    @cached_property
    def tokens(self) -> re.Pattern[str]:
        """What a file consists of, one group for each kind."""
        line = "|".join(map(re.escape, self.comments))
        quoted = [_quoted(*pair) for pair in self.quotes.items()]
        if self.escapes:
            quoted.insert(0, r"(?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*+(?:'|\Z)")
        if self.tags is not None:
            tag = r"(?:[^\W\d]\w*)?" if self.tags else ""
            dollar = rf"(?<![\w$])\$(?P<tag>{tag})\$.*?(?:\$(?P=tag)\$|\Z)"
            quoted.insert(0, dollar)
        kinds = {
            "comment": rf"(?:{line})[^\n]*+",
            "block": r"/\*",
            "quoted": "|".join(quoted),
            "word": r"[^\W\d][\w$]*+",
            "space": r"\s++",
            "other": r"[\w$]++|.",
        }
        pattern = "|".join(f"(?P<{kind}>{text})" for kind, text in kinds.items())
        return re.compile(pattern, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a statement in which a `;` ends nothing.

    Attributes:
        first: How such a statement begins, as a pattern over its words.
        opens: Words that open a part, and of those within a part.
        closes: What closes it: words that stand one after the other.
        after: Whether what closes has to follow a `;`.
    """

    first: re.Pattern[str]
    opens: frozenset[str]
    inside: frozenset[str]
    closes: tuple[str, ...]
    after: bool = False


_FUNCTION = Block(
    re.compile(r"CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b"),
    frozenset({"BEGIN"}),
    frozenset({"BEGIN", "CASE"}),
    ("END",),
)
_TRIGGER = Block(
    re.compile(r"(EXPLAIN )?CREATE (TEMP |TEMPORARY )?TRIGGER\b"),
    frozenset({"BEGIN"}),
    frozenset(),
    ("END",),
    after=True,
)
_BATCH = Block(
    re.compile(r"BEGIN (UNLOGGED |COUNTER )?BATCH\b"),
    frozenset({"BATCH"}),
    frozenset(),
    ("APPLY", "BATCH"),
)

POSTGRESQL = Dialect(
    nested=True, tags=True, escapes=True, brackets=True, blocks=(_FUNCTION,)
)
SQLITE = Dialect(quotes={"'": "'", '"': '"', "`": "`", "[": "]"}, blocks=(_TRIGGER,))
CQL = Dialect(comments=("--", "//"), tags=False, blocks=(_BATCH,))


def split(text: str, dialect: Dialect) -> list[Statement]:
    """Return the statements of a file; what is only comments is none."""
    reader = _Reader(text, dialect)
    return [*reader.statements()]


def at(statements: Sequence[Statement], position: int) -> Statement | None:
    """Return the statement at a place of the file, or the next one behind it."""
    return next((s for s in statements if position <= s.end), None)


def line_of(text: str, position: int) -> int:
    """Return the line of a place in a text, counted from 1."""
    return text.count("\n", 0, position) + 1


class _Reader:
    """Goes through a file once."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._line, self._counted = 1, 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._start: int | None = None
        self._end = 0
        self._words: list[str] = []
        self._tail: tuple[str, ...] = ()
        self._brackets = 0
        self._depth = 0

    def statements(self) -> Iterator[Statement]:
        """Return each statement."""
        position = 0
        while position < len(self._text):
            token = self._dialect.tokens.match(self._text, position)
            assert token  # noqa: S101 - some kind matches anything
            position = token.end()
            match token.lastgroup:
                case "space" | "comment":
                    pass
                case "block":
                    position = self._behind_comment(position)
                case kind:
                    if token[0] == ";" and not (self._brackets or self._depth):
                        yield from self._whole()
                    else:
                        self._take(kind or "", token[0], token.start())
        yield from self._whole()

    def _whole(self) -> Iterator[Statement]:
        if self._start is not None:
            text = self._text[self._start : self._end]
            self._line += self._text.count("\n", self._counted, self._start)
            self._counted = self._start
            yield Statement(text, self._line, self._start)
        self._begin_anew()

    def _behind_comment(self, position: int) -> int:
        depth = 1
        marks = re.compile(r"/\*|\*/" if self._dialect.nested else r"\*/")
        for mark in marks.finditer(self._text, position):
            depth += 1 if mark[0] == "/*" else -1
            if not depth:
                return mark.end()
        return len(self._text)

    def _take(self, kind: str, text: str, position: int) -> None:
        """Take note of one token of a statement."""
        if self._start is None:
            self._start = position
        self._end = position + len(text)
        token = text.upper() if kind == "word" else text[:1]
        self._tail = (*self._tail[-2:], token)
        if kind == "word":
            self._words.append(token)
            self._count(token)
        elif kind == "other" and self._dialect.brackets:
            self._brackets += {"(": 1, ")": -1}.get(text, 0)
            self._brackets = max(0, self._brackets)

    def _count(self, word: str) -> None:
        """Count the parts in which a `;` ends nothing."""
        first = " ".join(self._words[:5])
        block = next((b for b in self._dialect.blocks if b.first.match(first)), None)
        if block is None:
            return
        closes = (";", *block.closes) if block.after else block.closes
        if not self._depth:
            self._depth = int(word in block.opens)
        elif word in block.inside:
            self._depth += 1
        elif self._tail[-len(closes) :] == closes:
            self._depth -= 1


def _quoted(opening: str, closing: str) -> str:
    first, last = re.escape(opening), re.escape(closing)
    doubled = rf"|{last}{last}" if opening == closing else ""
    return rf"{first}(?:[^{last}]{doubled})*+(?:{last}|\Z)"
