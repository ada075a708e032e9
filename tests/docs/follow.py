"""A reader who does what a page says, and looks whether it is so."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from docs.pages import Block
from sites import SiteUnderTest


READS = {"curl", "ps", "call", "graph", "logs"}
"""Commands that a reader gives again until the site has taken a change in."""


@dataclass(slots=True)
class Reader:
    """Follows the blocks of a page in their order.

    A block whose first line names a file is written into the site. A `console`
    block has commands after `$`, and below each what the page says it shows:
    those lines occur in the output in that order, numbers and spaces apart.
    """

    site: SiteUnderTest

    def follow(self, blocks: Iterable[Block]) -> None:
        """Do what each block says."""
        for block in blocks:
            if block.file is not None:
                path = self.site.folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.content)
            elif block.language == "console":
                for command, shown in _commands(block.text):
                    self._do(command, shown, f"{block}: {command}")

    def _do(self, command: str, shown: list[str], where: str) -> None:
        words = shlex.split(command)
        if words[0] == "cd":
            self.site.folder /= words[1]
        elif words[:2] == ["glassware", "up"]:
            self.site.up(*words[2:])
            # The site is ready before the last line of that is written.
            self._until_shown(self.site.log.read_text, shown, where)
        elif READS.intersection(words[:2]):
            self._until_shown(lambda: self._output(words), shown, where)
        else:
            self._compare(self._output(words), shown, where)

    def _until_shown(
        self, output: Callable[[], str], shown: list[str], where: str
    ) -> None:
        said = [""]

        def as_shown() -> bool:
            said[0] = output()
            return holds(said[0], shown)

        try:
            self.site.until(as_shown, where)
        except AssertionError as error:
            raise AssertionError(f"{error}\nsaid:\n{said[0]}") from None

    def _output(self, words: list[str]) -> str:
        if words[0] == "curl":
            return self.site.get(urlsplit(words[1]).path).text
        python = [sys.executable, "-m"]
        done = subprocess.run(
            [*python, *words],
            cwd=self.site.folder,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        if words[1:2] == ["down"]:
            self._has_stopped()
        return done.stdout + done.stderr

    def _has_stopped(self) -> None:
        assert self.site.process is not None
        assert self.site.process.wait(20) == 0
        self.site.process = None

    def _compare(self, said: str, shown: list[str], where: str) -> None:
        assert holds(said, shown), f"{where} said:\n{said}"


def url_of(folder: Path) -> str:
    """Return where the site in `folder` runs."""
    return str(json.loads((folder / ".glassware/site.json").read_text())["url"])


def _commands(text: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def holds(said: str, shown: Iterable[str]) -> bool:
    """Whether every line of `shown` occurs in `said`; services start in any order.

    Numbers count for nothing: a port may be taken, and a machine be slow.
    """
    lines = [_plain(line) for line in said.splitlines()]
    return all(_plain(line) in lines for line in shown)


def _plain(line: str) -> str:
    minutes = re.sub(r"\b\d+ min\b", "0 s", line)
    return " ".join(re.sub(r"\d+", "0", minutes).split())
