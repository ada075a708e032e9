"""The pages of this project, taken apart: headings, links, blocks of code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[2]
FRONT = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "examples/shop/README.md",
    "examples/arcade/README.md",
)

_FENCE = re.compile(r"^(```+)(\S*)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_NAMED = re.compile(r"^(?:#|//|<!--) (?P<path>[\w.-]*[/.][\w./-]+)(?: -->)?$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page.

    Attributes:
        language: What follows the fence.
        text: Without the fences.
        line: Of the fence, counted from 1.
        page: Where it stands.
    """

    language: str
    text: str
    line: int
    page: Path

    @property
    def file(self) -> str | None:
        """The file that the block is, where its first line names one."""
        match = _NAMED.match(self.text.partition("\n")[0])
        return match["path"] if match else None

    @property
    def content(self) -> str:
        """What to write into `file`: without the line that names it."""
        return self.text.partition("\n")[2] if self.file else self.text

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every page, the front ones first."""
    return [*(ROOT / name for name in FRONT), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Return the fenced blocks of a page."""
    fence, language, began, lines = "", "", 0, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = _FENCE.match(line)
        if not fence and match:
            fence, language, began, lines = match[1], match[2], number, []
        elif fence and line.rstrip() == fence:
            yield Block(language, "\n".join(lines) + "\n", began, page)
            fence = ""
        elif fence:
            lines.append(line)


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Return the lines of a page that are no code, with their numbers."""
    fence = ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = _FENCE.match(line)
        if match:
            fence = "" if fence else match[1]
        elif not fence:
            yield number, line


def headings(page: Path) -> list[str]:
    """Return the headings of a page, without their marks."""
    return [
        line.lstrip("#").strip()
        for _, line in prose(page)
        if re.match(r"#{1,6} ", line)
    ]


def anchors(page: Path) -> set[str]:
    """Return what may follow the `#` of a link to a page, as GitHub has it."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings(page)
    }


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Return where a page leads to, with the numbers of the lines."""
    for number, line in prose(page):
        yield from ((number, target) for target in _LINK.findall(line))
