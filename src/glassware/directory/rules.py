"""Addresses out of the rules of URLs: Werkzeug's, Django's and Starlette's.

What a rule says in words is enough to make its addresses. A service's own
converters are not known here: their values are put in as Werkzeug's plain ones are.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from glassware.errors import DeadLink

from .listing import Rule


# What Werkzeug leaves as it is: the gateway refuses a path with an escaped slash.
_SAFE = "!$&'()*+,/:;=@"
_SAFE_IN_QUERY = "!$'()*,/:;?@"

_FLASK = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\((.*?)\))?:)?([a-zA-Z_]\w*)>")
_STARLETTE = re.compile(r"\{([a-zA-Z_]\w*)(?::([a-zA-Z_]\w*))?\}")
_GROUP = re.compile(r"\(\?P<([a-zA-Z_]\w*)>")
_ARGUMENT = re.compile(r"""(?:(\w+)\s*=\s*)?("[^"]*"|'[^']*'|[^,\s]+)""")
_META = frozenset("()[]{}?*+|^$\\")
# Converters whose values are one segment of a path: Werkzeug's, Django's, Starlette's.
_SEGMENT = frozenset({"", "default", "string", "str", "slug"})

Value = Any
Part = str | tuple[str, Callable[[Value], str]]


class Pattern:
    """A rule, ready to make addresses.

    Args:
        rule: What a service reported.

    Attributes:
        rule: It.
        arguments: The names that it needs, in the order of its text.
        readable: Whether its text says how addresses are made.
    """

    __slots__ = (
        "_defaults",
        "_host",
        "_path",
        "_segments",
        "_taken",
        "arguments",
        "readable",
        "rule",
    )

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._defaults = dict(rule.defaults)
        try:
            self._path = tuple(_parts(rule.rule))
            self._host = tuple(_parts(rule.host))
            self.readable = True
        except _Unreadable:
            self._path = self._host = ()
            self.readable = False
        named = [p[0] for p in (*self._host, *self._path) if not isinstance(p, str)]
        self.arguments = tuple(n for n in named if n not in self._defaults)
        self._taken = frozenset({*named, *self._defaults})
        self._segments = tuple(name for name in _segments(rule.rule) if name in named)

    def fits(self, values: Mapping[str, Value]) -> bool:
        """Tell whether it can be built with these values; others go into the query."""
        for name in self.arguments:
            if name not in values:
                return False
        for name, value in self._defaults.items():
            if name in values and values[name] != value:
                return False
        return True

    def leaves(self, values: Mapping[str, Value]) -> str:
        """Return the name of a value with which another rule is met; empty: none is.

        A slash within a segment makes two of it, as Werkzeug writes it.

        Args:
            values: Such as it `fits`.
        """
        for name in self._segments:
            text = str(values.get(name, ""))
            if "/" in text or text in {".", ".."}:
                return name
        return ""

    def takes(self, method: str) -> bool:
        """Tell whether requests of this method are answered."""
        methods = self.rule.methods
        method = "GET" if method == "HEAD" else method
        return not methods or method in methods or method == "OPTIONS"

    def leads(self, values: Mapping[str, Value]) -> bool:
        """Tell whether a public address can be made with these values."""
        return bool(self.rule.places) and self.readable and self.fits(values)

    def path(self, values: Mapping[str, Value]) -> str:
        """Return the path of its address, and the query.

        Args:
            values: Such as it `fits`.

        Raises:
            DeadLink: One of them cannot stand in its place.
        """
        found = self._fill(self._path, values)
        if len(values) == len(self.arguments):
            return found
        rest = [*_query(values, self._taken)]
        return f"{found}?{urlencode(rest, safe=_SAFE_IN_QUERY)}" if rest else found

    def host(self, values: Mapping[str, Value]) -> str:
        """Return the host name that it is for; empty: whatever the host is."""
        return self._fill(self._host, values).lower()

    def _fill(self, parts: tuple[Part, ...], values: Mapping[str, Value]) -> str:
        pieces = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            name, convert = part
            given = self._defaults[name] if name in self._defaults else values[name]
            try:
                pieces.append(convert(given))
            except (TypeError, ValueError) as error:
                raise DeadLink(
                    f"`{self.rule.endpoint}` cannot have `{name}={given!r}`: its rule is "
                    f"`{self.rule.rule}` ({error})"
                ) from None
        return "".join(pieces)


class _Unreadable(Exception):
    """A regular expression from which no address can be made."""


def _parts(rule: str) -> Iterator[Part]:
    """Return the pieces of a rule: text that is escaped already, and variables."""
    bare = _FLASK.sub("", rule)
    if any(sign in bare for sign in ("\\", "(?", "[")):
        rule = _of_expression(rule)
    end = 0
    for found in re.finditer(f"{_FLASK.pattern}|{_STARLETTE.pattern}", rule):
        yield from _text(rule[end : found.start()])
        flask, arguments, name, other, starlette = found.groups()
        convert = _converter(flask or starlette or "", arguments or "")
        yield name or other, convert
        end = found.end()
    yield from _text(rule[end:])


def _segments(rule: str) -> Iterator[str]:
    """Return the names of the variables that are within a segment of the path."""
    for found in re.finditer(f"{_FLASK.pattern}|{_STARLETTE.pattern}", rule):
        flask, _, name, other, starlette = found.groups()
        if (flask or starlette or "") in _SEGMENT:
            yield name or other


def _text(text: str) -> Iterator[str]:
    if text:
        yield quote(re.sub("/{2,}", "/", text), safe=_SAFE)


def _of_expression(rule: str) -> str:
    """Return Django's regular expression as a rule of variables and text."""
    text, variables, at = [], [], 0
    while found := _GROUP.search(rule, at):
        end = _closing(rule, found.end())
        text.append(rule[at : found.start()])
        variables.append(f"<{found[1]}>")
        at = end
    text.append(rule[at:])
    pieces = [_plain(piece) for piece in text]
    return "".join(p + v for p, v in zip(pieces, [*variables, ""], strict=True))


def _closing(rule: str, at: int) -> int:
    """Return the place behind the bracket that closes the one before `at`."""
    depth, inside = 1, False
    while at < len(rule) and depth:
        if rule[at] == "\\":
            at += 1
        elif inside or rule[at] == "[":
            inside = rule[at] != "]"
        else:
            depth += {"(": 1, ")": -1}.get(rule[at], 0)
        at += 1
    return at


def _plain(expression: str) -> str:
    """Return the one text that an expression stands for.

    Raises:
        _Unreadable: It stands for several.
    """
    expression = re.sub(r"^\^|\$$|\\Z$", "", expression).replace("/?", "/")
    bare = re.sub(r"\\([^\w\s])", "", expression)
    if _META.intersection(bare):
        raise _Unreadable
    return re.sub(r"\\([^\w\s])", r"\1", expression)


def _converter(name: str, arguments: str) -> Callable[[Value], str]:
    if name == "int":
        return _Digits(arguments)
    if name == "any":
        return _AnyOf(arguments)
    return {"float": _float, "uuid": _uuid}.get(name, _plain_value)


def _plain_value(value: Value) -> str:
    return quote(str(value), safe=_SAFE)


def _float(value: Value) -> str:
    return str(float(value))


def _uuid(value: Value) -> str:
    return str(value if isinstance(value, UUID) else UUID(str(value)))


class _Digits:
    """Werkzeug's `int`, which may want a number of digits."""

    def __init__(self, arguments: str) -> None:
        said = dict(_arguments(arguments))
        self._digits = int(said.get("fixed_digits", 0))

    def __call__(self, value: Value) -> str:
        return str(int(value)).zfill(self._digits)


class _AnyOf:
    """Werkzeug's `any`."""

    def __init__(self, arguments: str) -> None:
        self._items = tuple(item for _, item in _arguments(arguments))

    def __call__(self, value: Value) -> str:
        if value not in self._items:
            raise ValueError(f"it is one of {', '.join(self._items)}")
        return str(value)


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _ARGUMENT.findall(text):
        yield name, value.strip("\"'")


def _query(
    values: Mapping[str, Value], taken: frozenset[str]
) -> Iterator[tuple[str, Value]]:
    for name, value in values.items():
        if name in taken:
            continue
        for one in value if isinstance(value, (list, tuple, set)) else (value,):
            if one is not None:
                yield name, one
