"""A piece of HTML read as browsers read it, and written so that it needs no reading.

A browser closes and ignores tags by rules of its own. Here the same is written out:
wherever it would close something silently, an end tag is put in, so that the result
is nested as it looks.
"""

import html as entities
import re

from .elements import (
    ENDS_P,
    ENDS_SELECT,
    HEADINGS,
    HOLDS_NOTHING,
    IN_SELECT,
    INTEGRATION,
    ITEM_SPECIAL,
    ITEMS,
    LEAVES_FOREIGN,
    MAY_LACK_END,
    MODES,
    NO_BARRIER_TO_ITEMS,
    NOT_CONTENT,
    NOT_IN_ITSELF,
    OF_THE_PAGE,
    P_SCOPE,
    PARENTS,
    PLAIN,
    RAW,
    ROWS,
    SCOPE,
    SIBLINGS,
    UNCLEAR,
    VOID,
)
from .mended import Mended
from .stack import Open, Stack
from .tokens import CDATA, CDATA_END, TOKEN, closes_itself, lowered, raw_end


# Browsers flatten what stands deeper, and reading it would take long.
_DEEPEST = 500
_PAGE_META = re.compile("http-equiv|charset", re.ASCII | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1", re.DOTALL | re.IGNORECASE)
_TEXT = re.compile(r"(?:^|>)[^<>]*[^<>\s]")
_SHADOW = re.compile("shadowroot", re.ASCII | re.IGNORECASE)


class Tree:
    """Reads one piece.

    Args:
        html: The piece.
        without_scripts: Whether it is the content of a `<noscript>`.

    Attributes:
        faults: What was wrong with it.
        begins: The element with which it begins; empty: it begins with text. What
            only stands in a table or a list may then stand in one of the page.
    """

    def __init__(self, html: str, *, without_scripts: bool = False) -> None:
        self._html = html
        self._stack = Stack()
        self._text = Mended(html)
        self.faults = self._text.faults
        self.begins: str | None = "" if without_scripts else None
        self._without_scripts = without_scripts
        self._form_in_table = False
        self._looked_in: Open | None = None
        self._not_found: set[str] = set()

    def enclosed(self) -> str:
        """Return the piece so that it cannot escape its place."""
        search, stack = TOKEN.search, self._stack
        position = 0
        while (token := search(self._html, position)) is not None:
            begin, position = token.span()
            slash, name, attributes, end = token.group(1, 2, 3, 4)
            if name is None:
                position = self._markup(token, begin, position)
            elif not end:
                self._text.leave_out(begin, position, f"`<{slash}{name}` is not ended")
            elif slash:
                name = name if name in PLAIN else lowered(name)
                if stack and stack[-1].name == name and stack[-1].written:
                    stack.pop()
                else:
                    self._end(name, begin, position)
            elif name in PLAIN and 0 < len(stack) < _DEEPEST and not stack[-1].inside:
                stack.append(Open(name))
            else:
                position = self._start(lowered(name), attributes, begin, position)
        self._close_to(0, len(self._html))
        if self._form_in_table:
            self._text.put(len(self._html), "</form>")
        return str(self._text)

    def _markup(self, token: re.Match[str], begin: int, position: int) -> int:
        html = self._html
        if token[5]:
            if token[6] is not None:
                self._text.leave_out(begin, position, "a comment is not ended")
        elif token[7] is None:
            self._text.replace(begin, position, "&lt;")
        elif html.startswith(CDATA, begin) and self._stack and self._stack[-1].space:
            return self._character_data(begin)
        elif not token[8]:
            self._text.leave_out(begin, position, f"`<{token[7]}` is not ended")
        elif html[begin : begin + 9].lower() == "<!doctype":
            self._text.leave_out(begin, position, "`<!doctype>` is for a whole page")
        return position

    def _character_data(self, begin: int) -> int:
        html = self._html
        end = html.find(CDATA_END, begin)
        text = html[begin + len(CDATA) : end if end >= 0 else len(html)]
        if end < 0:
            self._text.fault(begin, f"`{CDATA}` is not ended")
        end = len(html) if end < 0 else end + len(CDATA_END)
        self._text.replace(begin, end, entities.escape(text, quote=False))
        return end

    def _end(self, name: str, begin: int, position: int) -> None:
        if name == "form" and self._form_in_table:
            self._form_in_table = False
            return
        depth = self._closed_by(name)
        if depth < 0:
            what = None if name in OF_THE_PAGE else f"`</{name}>` closes nothing"
            self._text.leave_out(begin, position, what)
            return
        self._close_to(depth + 1, begin)
        closed = self._stack.pop()
        if not closed.written:
            self._text.leave_out(begin, position)
        elif closed.name != name:
            self._text.leave_out(
                begin, position, f"`</{name}>` closes `<{closed.name}>`"
            )
            self._text.put(position, f"</{closed.name}>")

    def _closed_by(self, name: str) -> int:
        """Return the depth of what an end tag closes; -1: nothing."""
        innermost = self._stack[-1] if self._stack else None
        if innermost is not self._looked_in:
            self._looked_in, self._not_found = innermost, set()
        # With the same innermost element all others are the same, too.
        if name in self._not_found:
            return -1
        depth = self._stack.closed_by(name)
        if depth < 0 and name in HEADINGS:
            depth = self._stack.nearest(HEADINGS, SCOPE)
        if depth < 0:
            self._not_found.add(name)
        return depth

    def _start(self, name: str, attributes: str, begin: int, position: int) -> int:
        stack = self._stack
        if len(stack) >= _DEEPEST and (stack.space or name not in HOLDS_NOTHING):
            self._text.leave_out(
                begin, position, f"`<{name}>` stands too deep in others"
            )
            return position
        if stack.space and self._foreign(name, attributes, begin, position):
            return position
        if self.begins is None and name not in NOT_CONTENT:
            before = _COMMENT.sub("", self._html[:begin])
            self.begins = "" if _TEXT.search(before) else name
        if stack.inside == "select" and not self._fits_select(name, begin):
            return self._without(name, begin, position)
        if name in OF_THE_PAGE or name in UNCLEAR:
            self._text.leave_out(
                begin, position, f"`<{name}>` is not for a piece of a page"
            )
            return position
        if name in PLAIN:
            stack.append(Open(name, inside=stack.inside))
        elif self._makes_room(name, begin):
            return self._opened(name, attributes, begin, position)
        else:
            self._text.leave_out(
                begin, position, f"`<{name}>` stands in nothing it can"
            )
            if name not in VOID:
                stack.append(Open(name, inside=stack.inside, written=False))
        return position

    def _opened(self, name: str, attributes: str, begin: int, position: int) -> int:
        """Take in a start tag that is where it can be."""
        stack = self._stack
        if name in VOID:
            if name == "meta" and _PAGE_META.search(attributes):
                self._text.leave_out(
                    begin, position, "this `<meta>` is for a whole page"
                )
        elif name in RAW:
            return self._raw(name, begin, position)
        elif name == "form" and stack.is_in(ROWS):
            self._form_in_table = True
        elif name == "template":
            if stack.innermost() < 0 and _SHADOW.search(attributes):
                what = "a shadow root at the top would be the page's"
                self._text.leave_out(begin, position, what)
                self._text.put(position, "<template>")
            stack.append(Open(name))
        elif name in {"svg", "math"}:
            if not closes_itself(attributes):
                stack.append(Open(name, name, name))
        else:
            stack.append(
                Open(name, inside="select" if name == "select" else stack.inside)
            )
        return position

    def _foreign(self, name: str, attributes: str, begin: int, position: int) -> bool:
        """Take in a start tag within SVG or MathML; tell whether it was one of theirs."""
        stack = self._stack
        space = stack[-1].space
        if stack[-1].key in INTEGRATION:
            return False
        if name in LEAVES_FOREIGN:
            depth = len(stack)
            while depth and stack[depth - 1].space:
                if stack[depth - 1].key in INTEGRATION:
                    break
                depth -= 1
            self._close_to(depth, begin)
            return False
        if name in UNCLEAR:
            self._text.leave_out(begin, position, f"`<{name}>` is left out")
            if not closes_itself(attributes):
                stack.append(Open(name, space, space, written=False))
        elif not closes_itself(attributes):
            key = f"{space} {name}"
            stack.append(Open(name, space, "" if key in INTEGRATION else space))
        return True

    def _fits_select(self, name: str, begin: int) -> bool:
        """Tell whether a start tag may stand in a choice, or has ended it."""
        if name in ENDS_SELECT or name in PARENTS:
            self._close_to(self._stack.nearest({"select"}, ()), begin)
            return True
        return name in IN_SELECT

    def _without(self, name: str, begin: int, position: int) -> int:
        """Leave out what stands in a choice and cannot, with its content if raw."""
        if name == "select":
            self._close_to(self._stack.nearest({"select"}, ()), begin)
        what = f"`<{name}>` is not for a `<select>`"
        if name in RAW:
            found = raw_end(self._html, name, position)
            position = len(self._html) if found is None else max(found)
        elif name not in VOID and name != "select":
            self._stack.append(Open(name, inside="select", written=False))
        self._text.leave_out(begin, position, what)
        return position

    def _makes_room(self, name: str, begin: int) -> bool:
        """Close what a start tag closes; tell whether it may stand there."""
        stack = self._stack
        if name in PARENTS:
            return self._part_of_table(name, begin)
        if name in ITEMS and not self._item(name, begin):
            return False
        if name in ENDS_P:
            self._close(stack.nearest({"p"}, P_SCOPE), begin)
        if name in SIBLINGS and stack.is_in(SIBLINGS[name]):
            self._close(stack.innermost(), begin)
        elif name in NOT_IN_ITSELF:
            self._close(stack.nearest({name}, NOT_IN_ITSELF[name]), begin)
        elif name == "table":
            depth = stack.nearest(MODES, ())
            if depth >= 0 and stack[depth].key in ROWS:
                self._close(stack.nearest({"table"}, {"template"}), begin)
        elif name == "form":
            within = stack.nearest({"form"}, {"template"}) >= 0
            return not (within or self._form_in_table)
        return True

    def _item(self, name: str, begin: int) -> bool:
        stack = self._stack
        same = {"li"} if name == "li" else {"dd", "dt"}
        depth = stack.nearest(same, ITEM_SPECIAL)
        if depth >= 0:
            self._close(depth, begin)
            return True
        in_page = stack.free_to_the_place(NO_BARRIER_TO_ITEMS)
        return not in_page or (self.begins in same and stack.innermost() < 0)

    def _part_of_table(self, name: str, begin: int) -> bool:
        stack = self._stack
        depth = stack.nearest(PARENTS[name], {"table", "template"})
        if depth < 0 and self.begins not in PARENTS:
            return False
        if depth >= 0 and name == "col" and stack[depth].key == "template":
            return False
        self._close_to(depth + 1, begin)
        return True

    def _raw(self, name: str, begin: int, position: int) -> int:
        html = self._html
        if name == "noscript" and self._without_scripts:
            self._text.leave_out(begin, position, "`<noscript>` stands in another one")
            return position
        found = raw_end(html, name, position)
        if name == "script":
            # What is cut off in the middle is not run: nor do browsers.
            if found is None or found[1] < 0:
                self._text.leave_out(begin, len(html), "`<script>` is not ended")
                return len(html)
            return found[1]
        end, after = found or (len(html), -1)
        if name == "noscript":
            self._enclose_noscript(position, end)
        if after < 0:
            self._text.leave_out(end, len(html), f"`<{name}>` is not ended")
            self._text.put(len(html), f"</{name}>")
            return len(html)
        return after

    def _enclose_noscript(self, begin: int, end: int) -> None:
        """Enclose what only a browser without scripts takes for tags."""
        inner = Tree(self._html[begin:end], without_scripts=True)
        enclosed = inner.enclosed()
        self.faults += inner.faults
        if inner.faults:
            self._text.replace(begin, end, enclosed)

    def _close(self, depth: int, position: int) -> None:
        if depth >= 0:
            self._close_to(depth, position)

    def _close_to(self, depth: int, position: int) -> None:
        """Write the end tags of everything deeper than `depth`."""
        while len(self._stack) > depth:
            closed = self._stack.pop()
            if not closed.written:
                continue
            if closed.space or closed.name not in MAY_LACK_END:
                self._text.fault(position, f"`<{closed.name}>` is not closed")
            self._text.put(position, f"</{closed.name}>")
