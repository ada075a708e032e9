"""HTML taken apart as browsers take it apart (https://html.spec.whatwg.org/#tokenization).

Only as far as it matters where tags, comments and raw text begin and end. Nothing
here is ever searched twice: what is possessive (`++`) is not tried again.
"""

import re
from functools import cache


_SPACE = r"\t\n\f\r "
_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*+)?+"""
_NAME = rf"(?:=[^{_SPACE}/>=]*+|[^{_SPACE}/>=]++)"
_ATTRIBUTE = rf"{_NAME}(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE})?+"
_REST = rf"(?:[{_SPACE}/]++|{_ATTRIBUTE})*+"

TOKEN = re.compile(
    rf"<(?:(/?)([a-zA-Z][^{_SPACE}/>]*+)({_REST})(>|\Z)"
    r"|(!--)(?:-?>|.*?(?:--!?>|(\Z)))"
    r"|([!?/])[^>]*+(>|\Z)"
    r"|(\Z))",
    re.DOTALL,
)
"""A tag (1: `/`, 2: its name, 3: its attributes, 4: its end), a comment (5, and 6
where it has no end), what is taken for one (7, and 8 its end), or a `<` at the very
end (9)."""

CDATA = "<![CDATA["
CDATA_END = "]]>"

_LAST = re.compile(rf"([{_SPACE}/]++)|{_ATTRIBUTE}")
_IN_SCRIPT = re.compile(
    rf"<!--|-->|<(/?)script(?=[{_SPACE}/>])", re.ASCII | re.IGNORECASE
)
_ASCII = re.compile(r"[A-Z]+")


def lowered(name: str) -> str:
    """Return a name in small letters, as HTML does: those of ASCII alone."""
    if name.isascii():
        return name.lower()
    return _ASCII.sub(lambda found: found[0].lower(), name)


def closes_itself(attributes: str) -> bool:
    """Tell whether a tag ends with `/>`, which counts in SVG and MathML."""
    if not attributes.endswith("/"):
        return False
    *_, last = _LAST.finditer(attributes)
    return last[1] is not None


def raw_end(html: str, name: str, begin: int) -> tuple[int, int] | None:
    """Return where the end tag of a raw text element begins and ends.

    Args:
        html: All of it.
        name: The element's, in small letters.
        begin: Where its content begins.

    Returns:
        `None`: it has none; the second number is -1 if the end tag has no end.
    """
    if name == "script":
        begin = _script_end(html, begin)
    found = _end_tag(name).search(html, begin)
    if found is None:
        return None
    return found.start(), found.end() if found[1] else -1


@cache
def _end_tag(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"</{name}(?=[{_SPACE}/>]){_REST}(>|\Z)", re.ASCII | re.IGNORECASE
    )


def _script_end(html: str, begin: int) -> int:
    """Return where the end tag of a script may be: `<!--<script>` hides one."""
    hidden = nested = False
    while found := _IN_SCRIPT.search(html, begin):
        what = found[0]
        # The dashes of `<!-->` are those of its own end.
        begin = found.start() + 2
        if what == "<!--":
            hidden = True
        elif what == "-->":
            hidden = nested = False
        elif found[1]:
            if not nested:
                return found.start()
            nested = False
        elif hidden:
            nested = True
    return len(html)
