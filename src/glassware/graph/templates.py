"""Calls in templates of Jinja, found without rendering them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any


_EXTENSIONS = ("do", "i18n", "loopcontrols")


@dataclass(frozen=True, slots=True)
class TemplateCall:
    """A call of a function whose first argument is written out.

    Attributes:
        function: Its name.
        argument: The first argument.
        line: Counted from 1.
        given: The names of the others; `None`: not all of them can be read.
    """

    function: str
    argument: str
    line: int
    given: frozenset[str] | None


def found_in_template(text: str, functions: frozenset[str]) -> Iterator[TemplateCall]:
    """Return the calls of these functions in a template.

    Where Jinja cannot read it, because it is another language's or needs an
    extension that is not known here, what looks like such a call is one.
    """
    try:
        tree = _environment().parse(text)
    except Exception:  # noqa: BLE001 - whatever it is, it is no fault of the template
        yield from _looked_up(text, functions)
        return
    nodes: Any = import_module("jinja2.nodes")
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        first = call.args[0] if call.args else None
        if name not in functions or not isinstance(first, nodes.Const):
            continue
        if isinstance(first.value, str):
            spread = call.dyn_kwargs is not None
            given = None if spread else frozenset(each.key for each in call.kwargs)
            yield TemplateCall(name, first.value, call.lineno, given)


def _looked_up(text: str, functions: frozenset[str]) -> Iterator[TemplateCall]:
    names = "|".join(sorted(functions))
    for found in re.finditer(rf"""\b({names})\(\s*(["'])([\w.:-]+)\2""", text):
        line = text.count("\n", 0, found.start()) + 1
        yield TemplateCall(found[1], found[3], line, None)


@cache
def _environment() -> Any:
    jinja2: Any = import_module("jinja2")
    return jinja2.Environment(extensions=[f"jinja2.ext.{name}" for name in _EXTENSIONS])
